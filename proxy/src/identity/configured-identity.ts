/**
 * Whom the proxy takes somebody for, by a file that may change while it serves.
 *
 * The hazard: what was verified under a rule must not outlive it. So a configuration and everything that is remembered
 * under it are one authenticator, and are replaced as one. What cannot be served with never replaces what could.
 */
import { reloadEveryMs, type Logger, type Metrics } from '@holdpoint/platform';
import { createAuthenticator, type Authenticator, type AuthenticatorParts } from './authenticator.ts';
import { followConfigurationFile, type ConfigurationFile } from './configuration-file.ts';
import { createFollowedAuthenticator } from './followed-authenticator.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { registerIdentityGauges, type IdentityMetrics } from './metrics.ts';

export interface ConfiguredIdentityParts extends Omit<AuthenticatorParts, 'configuration' | 'withKeys' | 'observer'> {
  /** Undefined: no issuer is known. */
  file: ({ path: string } & ConfigurationFile) | undefined;
  /** Gives a fetch that trusts an issuer's certificate authority. */
  fetchFor: (ca: string | undefined) => typeof globalThis.fetch;
  metrics: Metrics;
  counts: IdentityMetrics;
  logger: Logger;
}

/** Serves by the file, and follows it for as long as the process lives. */
export function createConfiguredIdentity(parts: ConfiguredIdentityParts): Authenticator {
  const { file, fetchFor, metrics, counts, logger, now, elapsed } = parts;
  const withKeys = createIssuerKeys({ fetchFor, onFetch: counts.keysFetched, now, elapsed });
  const authenticator = createFollowedAuthenticator(
    (configuration) => createAuthenticator({ ...parts, configuration, withKeys, observer: counts }),
    file?.configuration ?? [],
    counts.authenticated,
  );
  let configuredAtMs = now();
  const reloader =
    file === undefined
      ? undefined
      : followConfigurationFile({
          file: file.path,
          current: file,
          apply: authenticator.replace,
          onReload(configuration) {
            configuredAtMs = now();
            counts.configurationReloaded('ok');
            const issuers = configuration.map(({ issuer }) => issuer.url);
            logger.info({ issuers }, 'authentication configuration reloaded');
          },
          onFailure(error) {
            counts.configurationReloaded('failed');
            logger.error({ err: error }, 'authentication configuration not reloaded');
          },
        });
  setInterval(() => reloader?.check(), reloadEveryMs).unref();
  registerIdentityGauges(metrics, {
    remembered: authenticator.remembered,
    isConfigurationCurrent: () => reloader?.isCurrent() ?? true,
    configuredAtMs: () => configuredAtMs,
  });
  return authenticator;
}

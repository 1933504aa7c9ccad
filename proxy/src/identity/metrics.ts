import type { Metrics } from '@holdpoint/platform';
import type { AuthenticationObserver, AuthenticationResult, ConfiguredAuthenticator } from './authenticator.ts';
import type { CallObserver } from './timed.ts';

/** What is counted of whom the proxy knows. No label has an issuer's name: whoever may read counts need not know whom we trust. */
export interface IdentityMetrics extends AuthenticationObserver {
  /** A request's token was looked at. */
  authenticated(result: AuthenticationResult): void;
  keysFetched: CallObserver;
  tokenReviewed: CallObserver;
  configurationReloaded(result: 'ok' | 'failed'): void;
}

/** A signature costs a tenth of a millisecond; an issuer across the world, its five seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createIdentityMetrics(metrics: Metrics): IdentityMetrics {
  const attempts = metrics.counter({
    name: 'holdpoint_proxy_authentication_attempts_total',
    help: 'Tokens of requests: known (success), refused (failure), or not to be told at the moment (error).',
    labels: ['result'],
  });
  const cacheRequests = metrics.counter({
    name: 'holdpoint_proxy_token_cache_requests_total',
    help: 'Tokens of requests that were remembered (hit), as good or as refused, or had to be looked at (miss).',
    labels: ['status'],
  });
  const identified = metrics.histogram({
    name: 'holdpoint_proxy_authentication_duration_seconds',
    help: 'How long it took to look at a token that was not remembered.',
    labels: ['result'],
    buckets,
  });
  const keyFetches = metrics.histogram({
    name: 'holdpoint_proxy_issuer_keys_fetch_duration_seconds',
    help: 'How long issuers took to give their keys, discovery included.',
    labels: ['result'],
    buckets,
  });
  const tokenReviews = metrics.histogram({
    name: 'holdpoint_proxy_token_review_duration_seconds',
    help: "How long the API server took to review a service account's token.",
    labels: ['result'],
    buckets,
  });
  const reloads = metrics.counter({
    name: 'holdpoint_proxy_authentication_config_reloads_total',
    help: 'AuthenticationConfigurations found changed: taken (ok), or left aside because they cannot be used (failed).',
    labels: ['result'],
  });
  return {
    authenticated: (result) => attempts.add({ result }),
    cacheAsked: (status) => cacheRequests.add({ status }),
    identified: (result, tookMs) => identified.observe({ result }, tookMs / 1_000),
    keysFetched: (result, tookMs) => keyFetches.observe({ result }, tookMs / 1_000),
    tokenReviewed: (result, tookMs) => tokenReviews.observe({ result }, tookMs / 1_000),
    configurationReloaded: (result) => reloads.add({ result }),
  };
}

/** What is read when somebody asks. */
export interface IdentityGauges {
  remembered: ConfiguredAuthenticator['remembered'];
  /** False while the file cannot be used, and the configuration before it is in force. */
  isConfigurationCurrent: () => boolean;
  /** Since when the configuration in force is, in milliseconds since 1970. */
  configuredAtMs: () => number;
}

export function registerIdentityGauges(metrics: Metrics, gauges: IdentityGauges): void {
  metrics.readGauge(
    { name: 'holdpoint_proxy_token_cache_entries', help: 'Tokens that are remembered.', labels: ['kind'] },
    () => Object.entries(gauges.remembered()).map(([kind, value]) => ({ labels: { kind }, value })),
  );
  metrics.readGauge(
    {
      name: 'holdpoint_proxy_authentication_config_last_reload_successful',
      help: '1; 0 while the AuthenticationConfiguration cannot be used as it is now, and the one before it is in force.',
    },
    () => [{ labels: {}, value: Number(gauges.isConfigurationCurrent()) }],
  );
  metrics.readGauge(
    {
      name: 'holdpoint_proxy_authentication_config_last_reload_success_timestamp_seconds',
      help: 'When the AuthenticationConfiguration in force was taken, in seconds since 1970.',
    },
    () => [{ labels: {}, value: gauges.configuredAtMs() / 1_000 }],
  );
}

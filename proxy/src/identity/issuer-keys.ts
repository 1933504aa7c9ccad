import type { JWTVerifyGetKey } from 'jose';
import type { JwtAuthenticator } from '@holdpoint/core';
import { createDiscovery } from './discovery.ts';
import { createKeySet } from './key-set.ts';
import { timed, type CallObserver } from './timed.ts';

/** Each issuer of a configuration with its keys. */
export type WithKeys = (
  configuration: readonly JwtAuthenticator[],
) => readonly { authenticator: JwtAuthenticator; keys: JWTVerifyGetKey }[];

/**
 * Finds the keys of the issuers. One that the configuration before had in the same place and with the same authority keeps
 * what was fetched: a change of somebody else's rules must not lock out those whose issuer is down just then.
 *
 * @param parts.fetchFor gives a fetch that trusts an issuer's certificate authority
 * @param parts.now milliseconds
 * @param parts.elapsed milliseconds that only go on
 */
export function createIssuerKeys(parts: {
  fetchFor: (ca: string | undefined) => typeof globalThis.fetch;
  onFetch: CallObserver;
  now: () => number;
  elapsed: () => number;
}): WithKeys {
  let before = new Map<string, JWTVerifyGetKey>();
  const keysOf = (issuer: JwtAuthenticator['issuer']): JWTVerifyGetKey => {
    const discovery = createDiscovery(issuer, parts.fetchFor(issuer.certificateAuthority));
    return createKeySet(issuer.url, timed(discovery, parts.elapsed, parts.onFetch), parts.now);
  };
  return (configuration) => {
    const kept = new Map<string, JWTVerifyGetKey>();
    const found = configuration.map((authenticator) => {
      const { issuer } = authenticator;
      const place = JSON.stringify([issuer.url, issuer.discoveryUrl, issuer.certificateAuthority]);
      const keys = before.get(place) ?? keysOf(issuer);
      kept.set(place, keys);
      return { authenticator, keys };
    });
    before = kept;
    return found;
  };
}

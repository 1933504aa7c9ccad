import { decodeJwt } from 'jose';
import {
  HoldpointError,
  messageOf,
  userInfoOf,
  type JsonObject,
  type JwtAuthenticator,
  type UserInfo,
} from '@holdpoint/core';
import { createIssuer } from './issuer.ts';
import { createTokenCache } from './token-cache.ts';

/** Says whose a bearer token is. */
export interface Authenticator {
  /** Rejects with ERR_TOKEN_INVALID, or ERR_UPSTREAM_UNAVAILABLE when its issuer cannot be asked. */
  authenticate(token: string): Promise<UserInfo>;
}

/**
 * @param fetchFor gives a fetch that trusts an issuer's certificate authority
 * @param now milliseconds
 */
export function createAuthenticator(
  configuration: readonly JwtAuthenticator[],
  fetchFor: (ca: string | undefined) => typeof globalThis.fetch,
  now: () => number,
): Authenticator {
  const issuers = new Map(
    configuration.map((each) => [
      each.issuer.url,
      { configuration: each, issuer: createIssuer(each, fetchFor(each.issuer.certificateAuthority)) },
    ]),
  );
  const cache = createTokenCache(now);
  return {
    async authenticate(token) {
      const known = cache.get(token);
      if (known !== undefined) return known;
      const found = issuers.get(issuerNamedIn(token));
      if (found === undefined) throw new HoldpointError('ERR_TOKEN_INVALID', 'the token is of no issuer we know');
      const claims = await found.issuer.verify(token);
      const user = userInfoOf(claims as JsonObject, found.configuration);
      cache.put(token, user, (claims.exp ?? 0) * 1_000);
      return user;
    },
  };
}

/** Unverified: it only chooses who verifies. */
function issuerNamedIn(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (cause) {
    throw new HoldpointError('ERR_TOKEN_INVALID', `the token is no JWT: ${messageOf(cause)}`, { cause });
  }
}

import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload } from 'jose';
import { HoldpointError, messageOf, type JwtAuthenticator } from '@holdpoint/core';

/** One OIDC issuer: its keys, found by discovery and fetched again when it rotates them. */
export interface Issuer {
  /** Resolves with the claims. Rejects with ERR_TOKEN_INVALID, or ERR_UPSTREAM_UNAVAILABLE when the issuer is down. */
  verify(token: string): Promise<JWTPayload>;
}

/** As the API server's OIDC authenticator: signatures only, never `none`, never a shared secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'];
const clockToleranceSeconds = 10;

export function createIssuer(authenticator: JwtAuthenticator, fetch: typeof globalThis.fetch): Issuer {
  const { url, discoveryUrl, audiences } = authenticator.issuer;
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;

  const discover = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    const answer = await fetch(discoveryUrl);
    const document = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (document.issuer !== url || typeof document.jwks_uri !== 'string') {
      throw new Error(`${discoveryUrl} does not describe the issuer ${url}`);
    }
    if (!document.jwks_uri.startsWith('https://')) throw new Error(`${discoveryUrl}: jwks_uri is not https`);
    return createRemoteJWKSet(new URL(document.jwks_uri), { [customFetch]: fetch as never });
  };

  return {
    async verify(token) {
      keys ??= discover();
      let found: Awaited<typeof keys>;
      try {
        found = await keys;
      } catch (cause) {
        keys = undefined; // The next token asks again: an issuer that was down need not be ours to restart for.
        throw new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', `the issuer ${url} does not answer: ${messageOf(cause)}`, {
          cause,
        });
      }
      try {
        const { payload } = await jwtVerify(token, found, {
          issuer: url,
          audience: [...audiences],
          algorithms,
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['exp'],
        });
        return payload;
      } catch (cause) {
        throw new HoldpointError('ERR_TOKEN_INVALID', `the token is refused: ${messageOf(cause)}`, { cause });
      }
    },
  };
}

import { errors, jwtVerify, type CryptoKey, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { HoldpointError, messageOf, type JsonObject } from '@holdpoint/core';
import { algorithms } from './token-shape.ts';

/** Who signs tokens, and verifies that one is theirs and still good. */
export interface JwtIssuer {
  /** Resolves with the claims. Rejects with ERR_TOKEN_INVALID, or ERR_UPSTREAM_UNAVAILABLE when there are no keys. */
  verify(token: string): Promise<{ claims: JsonObject; expiresAtMs: number }>;
}

/** Clocks differ: a token is taken for this long after its end … */
const expiryToleranceSeconds = 10;
/** … and before its beginning, as the API server has it (go-oidc): a token is used the moment it is issued. */
const notBeforeToleranceSeconds = 300;

/**
 * @param input.audiences one of which it must be for; undefined: whoever asks next checks that
 * @param input.now milliseconds
 */
export function createJwtIssuer(input: {
  url: string;
  audiences: readonly string[] | undefined;
  keys: JWTVerifyGetKey;
  now: () => number;
}): JwtIssuer {
  return {
    async verify(token) {
      const seconds = Math.floor(input.now() / 1_000);
      const options: JWTVerifyOptions = {
        issuer: input.url,
        ...(input.audiences === undefined ? {} : { audience: [...input.audiences] }),
        algorithms: [...algorithms],
        clockTolerance: notBeforeToleranceSeconds,
        currentDate: new Date(input.now()),
        requiredClaims: ['exp'],
      };
      try {
        const { payload } = await verifyWithAny(token, input.keys, options);
        const { exp = 0, iat } = payload;
        if (exp + expiryToleranceSeconds <= seconds) throw new Error('"exp" is in the past');
        if (iat !== undefined && !(iat - notBeforeToleranceSeconds <= seconds))
          throw new Error('"iat" is in the future');
        return { claims: payload as JsonObject, expiresAtMs: exp * 1_000 };
      } catch (cause) {
        if (cause instanceof HoldpointError) throw cause;
        throw new HoldpointError('ERR_TOKEN_INVALID', `the token is refused: ${messageOf(cause)}`, { cause });
      }
    },
  };
}

/** True for a refusal that may be none a moment later, when the issuer's new key has come. */
export function isOfUnknownKey(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof errors.JWKSNoMatchingKey;
}

/** A token that names no key is tried with all that could be meant. */
async function verifyWithAny(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): ReturnType<typeof jwtVerify> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error as AsyncIterable<CryptoKey>) {
      try {
        return await jwtVerify(token, key, options);
      } catch (each) {
        if (!(each instanceof errors.JWSSignatureVerificationFailed)) throw each;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

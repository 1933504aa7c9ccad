import { HoldpointError, isJsonObject } from '@holdpoint/core';
import type { Tokens } from './issuer.ts';
import type { LoginSettings } from './login-settings.ts';

/** A token for Kubernetes, and what renews it. */
export interface Credential {
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  refreshToken: string | undefined;
}

/** A token that is about to end would end on its way, or under a clock that is a little ahead. */
const marginMs = 10_000;

export function isFresh({ expiresAt }: Credential, now: number): boolean {
  return usableUntil(expiresAt) > now;
}

/** When to ask for the next one, in milliseconds since 1970. */
export function usableUntil(expiresAt: number): number {
  return expiresAt - marginMs;
}

/**
 * The token that Kubernetes is to be shown: the access token where an audience was asked for, else the id token.
 *
 * @param before what was renewed: an issuer that gives no new refresh token leaves the old one in force
 * @throws HoldpointError ERR_LOGIN_FAILED when the issuer gave none, an opaque one, or one for somebody else
 */
export function toCredential(
  tokens: Tokens,
  { audience }: Pick<LoginSettings, 'audience'>,
  before?: Credential,
): Credential {
  const token = audience === undefined ? tokens.idToken : tokens.accessToken;
  if (token === undefined) throw failed('the issuer gave no id token: ask for the scope openid');
  const claims = claimsIn(token);
  if (claims === undefined) {
    throw failed('the issuer gave an access token that is no JWT, which Kubernetes cannot read: leave --audience out');
  }
  const { exp } = claims;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw failed('the token of the issuer has no end (exp)');
  const audiences = [claims['aud']].flat();
  if (audience !== undefined && !audiences.includes(audience)) {
    throw failed(`the issuer gave a token for ${audiences.join(', ')}, not for the audience ${audience}`);
  }
  return { token, expiresAt: exp * 1_000, refreshToken: tokens.refreshToken ?? before?.refreshToken };
}

/** The claims of a JWT, unverified: who checks them is the server. Undefined for what is none. */
export function claimsIn(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return isJsonObject(claims) ? claims : undefined;
  } catch {
    return undefined; // An opaque token may have two dots, too.
  }
}

function failed(message: string): HoldpointError {
  return new HoldpointError('ERR_LOGIN_FAILED', message);
}

import { HoldpointError, userInfoOf, type JwtAuthenticator, type UserInfo } from '@holdpoint/core';
import { createDiscovery } from './discovery.ts';
import { createJwtIssuer, isOfUnknownKey } from './jwt-issuer.ts';
import { createKeySet } from './key-set.ts';
import type { AuthenticateServiceAccount } from './service-account-tokens.ts';
import type { Sessions } from './sessions.ts';
import { createTokenCache } from './token-cache.ts';
import { assertReadableLength, readToken } from './token-shape.ts';

/** Says whose a bearer token is. */
export interface Authenticator {
  /** Rejects with ERR_TOKEN_INVALID, or ERR_UPSTREAM_UNAVAILABLE when whoever issued it cannot be asked. */
  authenticate(token: string): Promise<UserInfo>;
}

export interface AuthenticatorParts {
  configuration: readonly JwtAuthenticator[];
  /** Gives a fetch that trusts an issuer's certificate authority. */
  fetchFor: (ca: string | undefined) => typeof globalThis.fetch;
  /** Undefined: service accounts are not served. */
  serviceAccounts: { issuer: string; authenticate: AuthenticateServiceAccount } | undefined;
  /** Where a session is looked for when no mapping names it. */
  sessionClaims: readonly string[];
  sessions: Sessions;
  /** Milliseconds. */
  now: () => number;
}

/** For how long a verified token is believed without asking again: of an issuer, whose keys are bounded by themselves … */
const issuedMaxAgeMs = 60_000;
/** … and of a service account, which may be deleted at any time. The API server remembers a review for as long itself. */
const reviewedMaxAgeMs = 10_000;
/** For how long a token that was refused stays refused unread: a client that tries it on and on costs a hash. */
const refusedMaxAgeMs = 10_000;
/** Each some hundred bytes; of large tokens fewer. Only tokens that were verified enter the first, so strangers cannot flush it. */
const verified = { maxEntries: 10_000, maxCharacters: 16 * 1_048_576 };
const refused = { maxEntries: 1_000, maxCharacters: 16 * 1_048_576 };

interface Identified {
  user: UserInfo;
  untilMs: number;
}

/** Builds it; an issuer is asked for the first time when its first token comes. */
export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { now } = parts;
  const identifiers = identifiersOf(parts);
  const users = createTokenCache<UserInfo>(verified, now);
  const refusals = createTokenCache<HoldpointError>(refused, now);
  const pending = new Map<string, Promise<UserInfo>>();

  const identify = async (token: string): Promise<UserInfo> => {
    try {
      const { issuer } = readToken(token);
      const identifier = identifiers.get(issuer);
      if (identifier === undefined) {
        throw new HoldpointError('ERR_TOKEN_INVALID', 'the token is of no issuer that is known here');
      }
      const { user, untilMs } = await identifier(token);
      users.put(token, user, untilMs);
      return user;
    } catch (error) {
      if (error instanceof HoldpointError && error.code === 'ERR_TOKEN_INVALID' && !isOfUnknownKey(error)) {
        refusals.put(token, error, now() + refusedMaxAgeMs);
      }
      throw error;
    }
  };
  /** An agent's first requests come many at a time, with one token: it is looked at once. */
  const identifyOnce = (token: string): Promise<UserInfo> => {
    const underWay = pending.get(token) ?? identify(token).finally(() => pending.delete(token));
    pending.set(token, underWay);
    return underWay;
  };

  return {
    async authenticate(token) {
      assertReadableLength(token);
      const known = users.get(token);
      if (known !== undefined) return parts.sessions.withSession(known);
      const refusal = refusals.get(token);
      if (refusal !== undefined) throw refusal;
      return parts.sessions.withSession(await identifyOnce(token));
    },
  };
}

/** Who identifies the tokens of an issuer, by its URL. */
function identifiersOf(parts: AuthenticatorParts): ReadonlyMap<string, (token: string) => Promise<Identified>> {
  const { now, serviceAccounts } = parts;
  const identifiers = new Map<string, (token: string) => Promise<Identified>>();
  for (const each of parts.configuration) {
    const { url, audiences, certificateAuthority } = each.issuer;
    const discovery = createDiscovery(each.issuer, parts.fetchFor(certificateAuthority));
    const issuer = createJwtIssuer({ url, audiences, keys: createKeySet(url, discovery, now), now });
    identifiers.set(url, async (token) => {
      const { claims, expiresAtMs } = await issuer.verify(token);
      const user = userInfoOf(claims, each, parts.sessionClaims);
      return { user, untilMs: Math.min(expiresAtMs, now() + issuedMaxAgeMs) };
    });
  }
  if (serviceAccounts !== undefined) {
    if (identifiers.has(serviceAccounts.issuer)) {
      throw new HoldpointError(
        'ERR_CONFIG_INVALID',
        `${serviceAccounts.issuer} issues the cluster's service-account tokens: it cannot be an issuer of the ` +
          'AuthenticationConfiguration too, as the API server has it',
      );
    }
    identifiers.set(serviceAccounts.issuer, async (token) => {
      const { user, expiresAtMs } = await serviceAccounts.authenticate(token);
      return { user, untilMs: Math.min(expiresAtMs, now() + reviewedMaxAgeMs) };
    });
  }
  return identifiers;
}

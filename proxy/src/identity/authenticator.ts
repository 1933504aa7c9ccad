import { HoldpointError, userInfoOf, type JwtAuthenticator, type UserInfo } from '@holdpoint/core';
import type { WithKeys } from './issuer-keys.ts';
import { createJwtIssuer, isOfUnknownKey } from './jwt-issuer.ts';
import type { AuthenticateServiceAccount } from './service-account-tokens.ts';
import type { Sessions } from './sessions.ts';
import { createTokenCache } from './token-cache.ts';
import { assertReadableLength, readToken } from './token-shape.ts';

/** Says whose a bearer token is. */
export interface Authenticator {
  /** Rejects with ERR_TOKEN_INVALID, or ERR_UPSTREAM_UNAVAILABLE when whoever issued it cannot be asked. */
  authenticate(token: string): Promise<UserInfo>;
}

/** What can be said of a token. `error`: whoever issued it could not be asked. */
export type AuthenticationResult = 'success' | 'failure' | 'error';

/** Told of every token that is looked at. */
export interface AuthenticationObserver {
  /** `hit`: it was remembered, as good or as refused. */
  cacheAsked(status: 'hit' | 'miss'): void;
  /** Of a `miss`: how long it took to tell, in milliseconds. */
  identified(result: AuthenticationResult, tookMs: number): void;
}

/** The authenticator of one configuration, with what it remembers of tokens. */
export interface ConfiguredAuthenticator extends Authenticator {
  /** How many tokens are remembered. */
  remembered(): { verified: number; refused: number };
}

export interface AuthenticatorParts {
  configuration: readonly JwtAuthenticator[];
  withKeys: WithKeys;
  /** Undefined: service accounts are not served. */
  serviceAccounts: { issuer: string; authenticate: AuthenticateServiceAccount } | undefined;
  /** Where a session is looked for when no mapping names it. */
  sessionClaims: readonly string[];
  sessions: Sessions;
  observer: AuthenticationObserver;
  /** Milliseconds. */
  now: () => number;
  /** Milliseconds that only go on. */
  elapsed: () => number;
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

/**
 * Builds it; an issuer is asked for the first time when its first token comes.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID when the configuration has the cluster's own issuer
 */
export function createAuthenticator(parts: AuthenticatorParts): ConfiguredAuthenticator {
  const { now, elapsed, observer } = parts;
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
  const identifyTold = async (token: string): Promise<UserInfo> => {
    const startedAt = elapsed();
    try {
      const user = await identify(token);
      observer.identified('success', elapsed() - startedAt);
      return user;
    } catch (error) {
      observer.identified(resultOf(error), elapsed() - startedAt);
      throw error;
    }
  };
  /** An agent's first requests come many at a time, with one token: it is looked at once. */
  const identifyOnce = (token: string): Promise<UserInfo> => {
    const underWay = pending.get(token) ?? identifyTold(token).finally(() => pending.delete(token));
    pending.set(token, underWay);
    return underWay;
  };

  return {
    remembered: () => ({ verified: users.size(), refused: refusals.size() }),
    async authenticate(token) {
      assertReadableLength(token);
      const known = users.get(token);
      const refusal = known === undefined ? refusals.get(token) : undefined;
      observer.cacheAsked(refusal === undefined && known === undefined ? 'miss' : 'hit');
      if (refusal !== undefined) throw refusal;
      return parts.sessions.withSession(known ?? (await identifyOnce(token)));
    },
  };
}

/** What a rejection of `authenticate` says of the token. */
export function resultOf(error: unknown): AuthenticationResult {
  return error instanceof HoldpointError && error.code === 'ERR_TOKEN_INVALID' ? 'failure' : 'error';
}

/** Who identifies the tokens of an issuer, by its URL. */
function identifiersOf(parts: AuthenticatorParts): ReadonlyMap<string, (token: string) => Promise<Identified>> {
  const { now, serviceAccounts } = parts;
  const identifiers = new Map<string, (token: string) => Promise<Identified>>();
  for (const { authenticator: each, keys } of parts.withKeys(parts.configuration)) {
    const { url, audiences } = each.issuer;
    const issuer = createJwtIssuer({ url, audiences, keys, now });
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

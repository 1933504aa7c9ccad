import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createGenerations, messageOf, type UserInfo } from '@holdpoint/core';
import type { AccessQuestion } from '@holdpoint/platform';
import { isSameSecret } from '../secret.ts';

export type AuditorVerdict =
  | { type: 'Allowed'; name: string }
  /** Nobody's token. */
  | { type: 'Unknown' }
  /** Somebody's, who may not read the record. */
  | { type: 'Forbidden'; name: string }
  /** Nobody can say now. */
  | { type: 'Unavailable'; reason: string };

/** Says whose token this is, and whether they may read the record. Never rejects. */
export type CheckAuditor = (token: string) => Promise<AuditorVerdict>;

/** What the API server is asked, where there is one. */
export interface KubernetesReviews {
  /** Undefined for a token that is nobody's. Rejects when the API server does not say. */
  reviewToken: (token: string) => Promise<UserInfo | undefined>;
  reviewAccess: (question: AccessQuestion) => Promise<boolean>;
}

export interface AuditorParts {
  /** The static token; whoever has it is an auditor. */
  tokenFile: string;
  kubernetes: KubernetesReviews | undefined;
  now: () => number;
}

/** The permission that makes an auditor: a resource that nothing serves, for RBAC to speak of. */
export const auditorPermission = { verb: 'get', group: 'holdpoint.dev', resource: 'auditrecords', namespace: '' };

/** A permission taken away must be gone within a minute. */
const allowedForMs = 60_000;
/** One just given is asked for again and again. */
const refusedForMs = 10_000;
/** Tokens that are nobody's can be made up without end. */
const maxRemembered = 1_000;
/** And each of them asks the API server: so many at a time. */
const maxAsking = 16;

/** Remembers verdicts by the hash of the token, for a short while. */
export function createAuditors({ tokenFile, kubernetes, now }: AuditorParts): CheckAuditor {
  const remembered = createGenerations<{ verdict: AuditorVerdict; until: number }>(maxRemembered);
  const asking = new Map<string, Promise<AuditorVerdict>>();

  const remember = (hash: string, verdict: AuditorVerdict): void => {
    if (verdict.type === 'Unavailable') return;
    remembered.set(hash, { verdict, until: now() + (verdict.type === 'Allowed' ? allowedForMs : refusedForMs) });
  };
  return async (token) => {
    if (isSameSecret(token, readFileSync(tokenFile, 'utf8').trim())) {
      return { type: 'Allowed', name: 'holder of the query token' };
    }
    if (kubernetes === undefined) return { type: 'Unknown' };
    const hash = createHash('sha256').update(token).digest('base64');
    const known = remembered.get(hash);
    if (known !== undefined && known.until > now()) return known.verdict;
    const others = asking.get(hash);
    if (others !== undefined) return await others;
    if (asking.size >= maxAsking) return { type: 'Unavailable', reason: 'too many tokens are being checked' };
    const answer = ask(kubernetes, token).finally(() => asking.delete(hash));
    asking.set(hash, answer);
    const verdict = await answer;
    remember(hash, verdict);
    return verdict;
  };
}

async function ask({ reviewToken, reviewAccess }: KubernetesReviews, token: string): Promise<AuditorVerdict> {
  try {
    const user = await reviewToken(token);
    if (user === undefined) return { type: 'Unknown' };
    const { username, uid, groups, extra } = user;
    const who = { user: username, ...(uid === undefined ? {} : { uid }), groups, extra };
    const allowed = await reviewAccess({ ...who, ...auditorPermission });
    return { type: allowed ? 'Allowed' : 'Forbidden', name: username };
  } catch (error) {
    return { type: 'Unavailable', reason: messageOf(error) };
  }
}

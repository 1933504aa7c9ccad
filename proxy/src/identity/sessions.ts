import { createHash } from 'node:crypto';
import { extraKeys, extraOf, type UserInfo } from '@holdpoint/core';

/** The sessions of those whose tokens name none. */
export interface Sessions {
  /** Returns the user with a session: the token's own, else the one that they were in within the idle gap, else a new one. */
  withSession(user: UserInfo): UserInfo;
}

/** At some 200 bytes each. Who is forgotten begins a session anew, no worse. */
const maxSubjects = 10_000;

/**
 * A session ends when nothing has come of it for `idleMs`. Its id is made of whose it is and in which stretch of `idleMs` it
 * began: replicas that see its first request in the same stretch call it the same, and so does one that was restarted.
 *
 * @param now milliseconds
 */
export function createSessions(idleMs: number, now: () => number, maxKept = maxSubjects): Sessions {
  // In the order of the last request: who has been quiet for longest is forgotten first.
  const kept = new Map<string, { id: string; seenAt: number }>();
  return {
    withSession(user) {
      if (extraOf(user, extraKeys.session) !== undefined) return user;
      const subject = JSON.stringify([user.username, extraOf(user, extraKeys.onBehalfOf) ?? '']);
      const before = kept.get(subject);
      const at = now();
      const id = before !== undefined && at - before.seenAt < idleMs ? before.id : idOf(subject, at, idleMs);
      kept.delete(subject);
      kept.set(subject, { id, seenAt: at });
      for (const [quietest] of kept) {
        if (kept.size <= maxKept) break;
        kept.delete(quietest);
      }
      return { ...user, extra: { ...user.extra, [extraKeys.session]: [id] } };
    },
  };
}

function idOf(subject: string, at: number, idleMs: number): string {
  const whose = createHash('sha256').update(subject).digest('hex').slice(0, 12);
  return `${whose}-${Math.floor(at / idleMs).toString(36)}`;
}

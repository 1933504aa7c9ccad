import { createHash } from 'node:crypto';
import type { UserInfo } from '@holdpoint/core';

/** Verified tokens by their hash; the tokens themselves are not kept. */
export interface TokenCache {
  get(token: string): UserInfo | undefined;
  /** @param expiresAtMs the token's own end */
  put(token: string, user: UserInfo, expiresAtMs: number): void;
}

/** A key that its issuer withdraws is believed for at most this long after. */
const maxAgeMs = 60_000;

/** Holds at most `maxEntries`; the oldest goes first. Only verified tokens enter, so strangers cannot flush it. */
export function createTokenCache(now: () => number, maxEntries = 10_000): TokenCache {
  const users = new Map<string, { user: UserInfo; until: number }>();
  return {
    get(token) {
      const key = hashOf(token);
      const found = users.get(key);
      if (found === undefined || found.until > now()) return found?.user;
      users.delete(key);
      return undefined;
    },
    put(token, user, expiresAtMs) {
      if (users.size >= maxEntries) {
        const oldest = users.keys().next();
        if (oldest.done !== true) users.delete(oldest.value);
      }
      users.set(hashOf(token), { user, until: Math.min(expiresAtMs, now() + maxAgeMs) });
    },
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

import { hash } from 'node:crypto';

/** What is known of tokens, by their hash; the tokens themselves are not kept. */
export interface TokenCache<Known> {
  get(token: string): Known | undefined;
  /** @param untilMs when it is forgotten */
  put(token: string, known: Known, untilMs: number): void;
  /** How many are kept; those past their end are, until they are asked for or make room. */
  size(): number;
}

/**
 * What comes first goes first once there are too many.
 *
 * @param limits.maxCharacters of all tokens together: what is known of one is about as long as the token
 * @param now milliseconds
 */
export function createTokenCache<Known>(
  limits: { maxEntries: number; maxCharacters: number },
  now: () => number,
): TokenCache<Known> {
  const entries = new Map<string, { known: Known; until: number; length: number }>();
  let characters = 0;
  const remove = (key: string): void => {
    characters -= entries.get(key)?.length ?? 0;
    entries.delete(key);
  };
  return {
    size: () => entries.size,
    get(token) {
      const key = hashOf(token);
      const found = entries.get(key);
      if (found === undefined || found.until > now()) return found?.known;
      remove(key);
      return undefined;
    },
    put(token, known, until) {
      const key = hashOf(token);
      remove(key);
      entries.set(key, { known, until, length: token.length });
      characters += token.length;
      for (const [oldest] of entries) {
        if (entries.size <= limits.maxEntries && characters <= limits.maxCharacters) break;
        remove(oldest);
      }
    },
  };
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64');
}

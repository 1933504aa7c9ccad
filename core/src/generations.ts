/** Remembers what came lately, in bounded memory and at a bounded cost. */
export interface Generations<Value> {
  /** What comes again is kept. */
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/**
 * Two generations: when the younger is full, the older is dropped as a whole. Remembers the last `most / 2` keys at the least,
 * and `most` of them at the most. Not one map from which the oldest key is deleted: each look for the oldest then steps over
 * all those that were deleted before it.
 */
export function createGenerations<Value>(most: number): Generations<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  const set = (key: string, value: Value): void => {
    if (young.size >= most / 2 && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const before = old.get(key);
      if (before !== undefined) set(key, before);
      return before;
    },
    set,
  };
}

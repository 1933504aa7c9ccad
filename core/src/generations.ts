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
 *
 * @param sizeOf what a key and its value count for against `most`, where that is no number of keys; what alone would fill a
 *   generation is not kept
 */
export function createGenerations<Value>(
  most: number,
  sizeOf: (key: string, value: Value) => number = () => 1,
): Generations<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  let youngSize = 0;
  const set = (key: string, value: Value): void => {
    const size = sizeOf(key, value);
    const before = young.get(key);
    if (before !== undefined) youngSize -= sizeOf(key, before);
    if (size > most / 2) {
      young.delete(key);
      old.delete(key);
      return;
    }
    if (youngSize + size > most / 2) {
      old = young;
      young = new Map();
      youngSize = 0;
    }
    young.set(key, value);
    youngSize += size;
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

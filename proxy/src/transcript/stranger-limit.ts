/** How many requests of people who do not say who they are may be told of one by one. */
export interface StrangerLimit {
  /** True for one that may. */
  admit(): boolean;
}

/** A bucket that holds `burst`, and fills by `perSecond`: whoever tries tokens is seen, and cannot fill the record. */
export function createStrangerLimit(now: () => number, perSecond = 2, burst = 50): StrangerLimit {
  let left = burst;
  let filledAt = now();
  return {
    admit() {
      const at = now();
      // Never emptied by a clock that was set back.
      left = Math.min(burst, left + (Math.max(0, at - filledAt) / 1_000) * perSecond);
      filledAt = at;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

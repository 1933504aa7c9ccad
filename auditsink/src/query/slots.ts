export interface Slots {
  /**
   * Resolves with what gives the slot back, once there is one; undefined when there is none in time, too many wait already,
   * or `signal` ends the waiting.
   */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

export interface SlotOptions {
  /** How many at a time. */
  size: number;
  maxWaiting: number;
  maxWaitMs: number;
}

/** So many queries at a time; others wait for a while, in order. */
export function createSlots({ size, maxWaiting, maxWaitMs }: SlotOptions): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const release = (): (() => void) => {
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      const next = waiting.shift();
      // Handed on, so that nobody who comes now is faster.
      if (next === undefined) taken -= 1;
      else next();
    };
  };
  return {
    async take(signal) {
      if (signal.aborted) return undefined;
      if (taken < size) {
        taken += 1;
        return release();
      }
      if (waiting.length >= maxWaiting) return undefined;
      return await new Promise((resolve) => {
        const leave = (): void => {
          const place = waiting.indexOf(enter);
          if (place !== -1) waiting.splice(place, 1);
          done();
          resolve(undefined);
        };
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', leave);
        };
        const enter = (): void => {
          done();
          resolve(release());
        };
        const timer = setTimeout(leave, maxWaitMs);
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(enter);
      });
    },
  };
}

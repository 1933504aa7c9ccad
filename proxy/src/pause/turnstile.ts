/** Lets so many through at a time, in the order in which they came. */
export interface Turnstile {
  /** Runs `pass` when it is its turn. Rejects with the signal's reason when that comes first, and then never runs it. */
  run<T>(pass: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createTurnstile(width: number): Turnstile {
  let passing = 0;
  const waiting = new Set<() => void>();

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(enter);
        reject(signal.reason as Error);
      };
      const enter = (): void => {
        waiting.delete(enter);
        signal.removeEventListener('abort', onAbort);
        passing += 1;
        resolve();
      };
      if (signal.aborted) return onAbort();
      if (passing < width) return enter();
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(enter);
    });

  return {
    async run(pass, signal) {
      await turn(signal);
      try {
        signal.throwIfAborted();
        return await pass();
      } finally {
        passing -= 1;
        const [next] = waiting;
        next?.();
      }
    },
  };
}

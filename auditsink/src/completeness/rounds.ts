import { setTimeout as sleep } from 'node:timers/promises';

/** What is done again and again, one at a time. */
export interface Rounds {
  /** Tells the one under way to end, and resolves when it has. */
  stop(): Promise<void>;
}

/** Begins at once. A round that takes longer than `everyMs` is followed by the next, not overtaken. */
export function startRounds(everyMs: number, round: (stopping: AbortSignal) => Promise<void>): Rounds {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const pause = sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      await round(stopping.signal);
      await pause;
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

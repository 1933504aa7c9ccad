import { setTimeout as sleep } from 'node:timers/promises';

/** The part of the library's informer that is supervised. */
export interface Startable {
  /** Resolves once it has listed and watches; or, after it has told of an error, all the same. */
  start(): Promise<void>;
  stop(): Promise<void>;
  on(verb: 'error', heard: (error: unknown) => void): void;
}

export interface SupervisedInformer {
  /** Resolves when it has listed and watches for the first time, however often that takes to ask. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

const restartDelayMs = 1_000;

/**
 * Starts an informer and starts it again whenever it breaks, until it is stopped; `onError` hears of every break. An informer
 * tells of a break by an event, by a rejected start, or by both for one break: one restart follows either way, for two would
 * leave two watches.
 *
 * Nobody may serve from a copy that never was: without policies, nobody would be governed. So a start that told of an error
 * does not count as one, although it resolves.
 *
 * @param delay resolves after so many milliseconds
 */
export function superviseInformer(
  informer: Startable,
  onError: (error: unknown) => void,
  delay: (ms: number) => Promise<unknown> = sleep,
): SupervisedInformer {
  let isReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  let stopped = false;
  let restarting = false;
  let breaks = 0;
  const broke = (error: unknown): void => {
    if (stopped) return;
    breaks += 1;
    onError(error);
    if (restarting) return;
    restarting = true;
    void delay(restartDelayMs).then(() => {
      restarting = false;
      if (!stopped) void start();
    });
  };
  const start = async (): Promise<void> => {
    const before = breaks;
    try {
      await informer.start();
      if (breaks === before) isReady();
    } catch (error) {
      broke(error);
    }
  };
  informer.on('error', broke);
  void start();
  return {
    ready,
    async stop() {
      stopped = true;
      await informer.stop();
    },
  };
}

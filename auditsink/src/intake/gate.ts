import { HoldpointError } from '@holdpoint/core';

/** Lets so many through at a time, and so many more wait. */
export interface Gate {
  /**
   * Resolves when there is room, with what lets the next one in, and may be called more than once.
   *
   * @param signal aborted when whoever waits has gone: the promise is rejected then
   * @throws HoldpointError ERR_INTAKE_BUSY when as many wait already as may
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createGate(limits: { running: number; waiting: number }): Gate {
  let running = 0;
  const waiting = new Set<() => void>();
  const leaveOnce = (): (() => void) => {
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const next = waiting.values().next().value;
      if (next === undefined) running -= 1;
      else next();
    };
  };
  return {
    enter(signal) {
      if (running < limits.running) {
        running += 1;
        return Promise.resolve(leaveOnce());
      }
      if (waiting.size >= limits.waiting) {
        return Promise.reject(
          new HoldpointError(
            'ERR_INTAKE_BUSY',
            `${String(limits.running)} requests are being read and ${String(limits.waiting)} wait: send it again later`,
          ),
        );
      }
      return new Promise((resolve, reject) => {
        const goOn = (): void => {
          waiting.delete(goOn);
          signal.removeEventListener('abort', giveUp);
          resolve(leaveOnce());
        };
        const giveUp = (): void => {
          waiting.delete(goOn);
          reject(new Error('the sender has gone'));
        };
        waiting.add(goOn);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      });
    },
  };
}

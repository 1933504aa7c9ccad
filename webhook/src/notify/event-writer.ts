import { eventNameOf, eventWindowMs, phasesWithEvent, toHoldEvent, type Hold, type CoreEvent } from '@holdpoint/core';
import type { EventSink, Logger } from '@holdpoint/platform';

/** Sees to it that there is an event for each phase of each hold. */
export interface EventWriter {
  consider(hold: Hold, nowMs: number): void;
  /** Goes on with what waits, and forgets what is too long ago to be told. */
  pump(nowMs: number): void;
  clear(): void;
}

export interface EventWriterParts {
  sink: EventSink;
  logger: Logger;
  now: () => number;
  run: (work: Promise<void>) => void;
}

const maxInFlight = 4;
/** Events are a courtesy: what does not fit is found again at the next look at all holds, within its ten minutes. */
const maxQueued = 1_000;
/** An API server that does not take events (a role that is missing) is asked again at leisure. */
const pauseMs = 10_000;

export function createEventWriter({ sink, logger, now, run }: EventWriterParts): EventWriter {
  const queue = new Map<string, CoreEvent>();
  /** The names of events that are written or being written, and since when they are true. */
  const done = new Map<string, number>();
  let inFlight = 0;
  let pausedUntil = 0;

  const pump = (nowMs: number): void => {
    // About in the order of time: what comes after the first that still counts goes a little later.
    for (const [name, atMs] of done) {
      if (nowMs - atMs < eventWindowMs) break;
      done.delete(name);
    }
    for (const [name, event] of queue) {
      if (inFlight >= maxInFlight || nowMs < pausedUntil) return;
      queue.delete(name);
      done.set(name, Date.parse(event.firstTimestamp));
      inFlight += 1;
      run(
        sink
          .create(event)
          .catch((error: unknown) => {
            done.delete(name);
            pausedUntil = now() + pauseMs;
            logger.warn({ err: error, hold: event.involvedObject.name }, 'event not written');
          })
          .finally(() => {
            inFlight -= 1;
            pump(now());
          }),
      );
    }
  };

  return {
    consider(hold, nowMs) {
      for (const reached of phasesWithEvent(hold, nowMs)) {
        const name = eventNameOf(hold, reached.phase);
        if (done.has(name) || queue.has(name) || queue.size >= maxQueued) continue;
        queue.set(name, toHoldEvent(hold, reached));
      }
    },
    pump,
    clear: () => queue.clear(),
  };
}

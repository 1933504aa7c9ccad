import { phaseAt, type Hold, type HoldPhase } from '@holdpoint/core';
import type { ObjectCache } from '@holdpoint/platform';

/** How a hold stood when it was looked at. `revision` tells one state from the next. */
export interface HoldState {
  phase: HoldPhase;
  hold: Hold;
  revision: string;
}

/** What the waiting came to. `state` is undefined for a hold that does not exist (yet, or any more). */
export type Followed = { state: HoldState | undefined } | 'timeOver' | 'released';

export interface HoldFollower {
  /**
   * Waits until `wanted` is true of the hold's state, for at most `untilMs`, or until everybody is released.
   *
   * @throws the signal's reason when the client goes away
   */
  follow(
    name: string,
    wanted: (state: HoldState | undefined) => boolean,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<Followed>;
  /** Ends every wait, and every later one at once: this process is about to end. */
  release(): void;
  /** How many wait now. */
  waiting(): number;
}

/** setTimeout's largest delay; a hold that waits longer is looked at again then. */
const maxDelayMs = 60_000;

/**
 * Follows holds through the watched copy: a decision is seen as soon as the watch brings it. A change is told to those who
 * wait for that hold, and to nobody else: a thousand that wait for others cost it nothing.
 */
export function createHoldFollower(holds: ObjectCache<Hold>, now: () => number): HoldFollower {
  /** What looks again, by the name of the hold it waits for. */
  const lookers = new Map<string, Set<() => void>>();
  let released = false;
  let waiting = 0;
  holds.onChange(({ metadata: { name = '' } }) => {
    for (const look of [...(lookers.get(name) ?? [])]) look();
  });
  const stateOf = (name: string): HoldState | undefined => {
    const hold = holds.get(name);
    if (hold === undefined) return undefined;
    const phase = phaseAt(hold, now());
    return { phase, hold, revision: `${hold.metadata.resourceVersion ?? ''}/${phase}` };
  };
  const listen = (name: string, look: () => void): (() => void) => {
    const mine = lookers.get(name) ?? new Set();
    lookers.set(name, mine.add(look));
    waiting += 1;
    return () => {
      waiting -= 1;
      mine.delete(look);
      if (mine.size === 0) lookers.delete(name);
    };
  };

  return {
    follow: (name, wanted, untilMs, signal) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          stopListening();
          signal.removeEventListener('abort', onAbort);
          settle();
        };
        const onAbort = (): void => finish(() => reject(signal.reason as Error));
        const look = (): void => {
          clearTimeout(timer);
          const state = stateOf(name);
          if (wanted(state)) return finish(() => resolve({ state }));
          if (released) return finish(() => resolve('released'));
          const at = now();
          if (at >= untilMs) return finish(() => resolve('timeOver'));
          // Expiry is a matter of the clock, not of a write: look again when it comes.
          const ends = [state?.hold.spec.expiresAt, state?.hold.status?.useBefore]
            .map((text) => (text === undefined ? Infinity : Date.parse(text)))
            .filter((end) => end > at);
          timer = setTimeout(look, Math.min(untilMs - at, maxDelayMs, ...ends.map((end) => end - at + 1)));
        };
        const stopListening = listen(name, look);
        signal.addEventListener('abort', onAbort);
        if (signal.aborted) onAbort();
        else look();
      }),
    release() {
      released = true;
      for (const each of [...lookers.values()]) for (const look of [...each]) look();
    },
    waiting: () => waiting,
  };
}

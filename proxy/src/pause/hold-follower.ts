import { phaseAt, type Hold, type HoldPhase } from '@holdpoint/core';
import type { ObjectCache } from '@holdpoint/platform';

/** How a hold stood when it was looked at. `revision` tells one state from the next. */
export interface HoldState {
  phase: HoldPhase;
  hold: Hold;
  revision: string;
}

/**
 * Waits until `wanted` is true of the hold's state, for at most `untilMs`.
 *
 * @returns the state; undefined when the time was over first
 * @throws the signal's reason when the client goes away
 */
export type FollowHold = (
  name: string,
  wanted: (state: HoldState) => boolean,
  untilMs: number,
  signal: AbortSignal,
) => Promise<HoldState | undefined>;

/** setTimeout's largest delay; a hold that waits longer is looked at again then. */
const maxDelayMs = 60_000;

/** Follows holds through the watched copy: a decision is seen as soon as the watch brings it. */
export function createHoldFollower(holds: ObjectCache<Hold>, now: () => number): FollowHold {
  const stateOf = (name: string): HoldState | undefined => {
    const hold = holds.get(name);
    if (hold === undefined) return undefined;
    const phase = phaseAt(hold, now());
    return { phase, hold, revision: `${hold.metadata.resourceVersion ?? ''}/${phase}` };
  };

  return (name, wanted, untilMs, signal) =>
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
        if (state !== undefined && wanted(state)) return finish(() => resolve(state));
        const at = now();
        if (at >= untilMs) return finish(() => resolve(undefined));
        // Expiry is a matter of the clock, not of a write: look again when it comes.
        const ends = [state?.hold.spec.expiresAt, state?.hold.status?.useBefore]
          .map((text) => (text === undefined ? Infinity : Date.parse(text)))
          .filter((end) => end > at);
        timer = setTimeout(look, Math.min(untilMs - at, maxDelayMs, ...ends.map((end) => end - at + 1)));
      };
      const stopListening = holds.onChange((changed) => {
        if (changed.metadata.name === name) look();
      });
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      else look();
    });
}

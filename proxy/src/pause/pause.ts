import { setTimeout as delay } from 'node:timers/promises';
import type { Hold, UserInfo } from '@holdpoint/core';
import type { Refusal } from '../refusal.ts';
import type { HeldAnswer } from './held-answer.ts';
import type { FollowHold, HoldState } from './hold-follower.ts';
import { deniedMessage, endedMessage, heldNotice, stillHeld, unknownHold } from './pause-messages.ts';
import { refuse } from '../refusal.ts';

/** What became of a request that may have been held. `notice`: what to tell the client of the wait. */
export type PauseOutcome<T> = { passed: T; notice?: string } | Refusal;

export interface Pause {
  /**
   * Sends by `attempt`, and while the answer is a hold, waits for its end and sends again. Ends with the answer, with 403
   * when the hold was denied or is over, or with a 429 without retry advice when the hold's `pauseFor` is over.
   *
   * @param attempt sends the very same bytes each time
   */
  <T extends object>(
    user: UserInfo,
    attempt: () => Promise<T | HeldAnswer>,
    signal: AbortSignal,
  ): Promise<PauseOutcome<T>>;
}

/** Our copy may not have heard yet of a hold that the webhook has just made. */
const appearsWithinMs = 10_000;
/** The webhook may hear of an approval a moment after us, and hold once more until it has. */
const againAfterMs = [100, 200, 400, 800, 1_600, 2_000] as const;

export function createPause(follow: FollowHold, now: () => number): Pause {
  return async (user, attempt, signal) => {
    const startedAt = now();
    let untilMs: number | undefined;
    let answer = await attempt();
    let acted = { revision: '', times: 0 };
    let approved: Hold | undefined;

    while (isHeld(answer)) {
      const { hold: name, status } = answer;
      const seen = await follow(name, () => true, untilMs ?? startedAt + appearsWithinMs, signal);
      // A hold of somebody else's is not this request's to wait for: the 429 was not our webhook's word.
      if (seen === undefined || seen.hold.spec.subject.username !== user.username) return unknownHold(status);
      untilMs ??= startedAt + seen.hold.spec.pauseForSeconds * 1_000;

      const state = await follow(name, (each) => hasNews(each, acted.revision), untilMs, signal);
      if (state === undefined) return stillHeld(name, seen.hold, status);
      if (state.phase === 'Denied')
        return refuse('forbidden', deniedMessage(state.hold), { details: detailsOf(status) });
      if (state.phase === 'Expired' || state.phase === 'Lapsed') {
        return refuse('forbidden', endedMessage(state.hold, state.phase), { details: detailsOf(status) });
      }
      if (state.phase === 'Approved') approved = state.hold;
      acted =
        state.revision === acted.revision
          ? { ...acted, times: acted.times + 1 }
          : { revision: state.revision, times: 0 };
      if (acted.times > 0) {
        const wait = againAfterMs[Math.min(acted.times - 1, againAfterMs.length - 1)] ?? 0;
        if (now() + wait >= untilMs) return stillHeld(name, state.hold, status);
        await delay(wait, undefined, { signal });
      }
      answer = await attempt();
    }
    if (untilMs === undefined) return { passed: answer };
    return { passed: answer, notice: heldNotice(approved, now() - startedAt) };
  };
}

/** Approved: ask (again). Used: somebody else's request took the approval; ask once, for a hold of one's own. */
function hasNews(state: HoldState, actedOn: string): boolean {
  if (state.phase === 'Pending') return false;
  return state.phase !== 'Used' || state.revision !== actedOn;
}

function isHeld(answer: object): answer is HeldAnswer {
  return 'hold' in answer && 'status' in answer;
}

function detailsOf(status: HeldAnswer['status']): HeldAnswer['status']['details'] {
  const causes = status.details?.causes;
  return causes === undefined ? undefined : { causes };
}

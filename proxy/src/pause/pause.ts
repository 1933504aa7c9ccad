import { setTimeout as delay } from 'node:timers/promises';
import type { Hold, UserInfo } from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';
import type { HeldAnswer } from './held-answer.ts';
import type { HoldFollower, HoldState } from './hold-follower.ts';
import {
  deletedMessage,
  deniedMessage,
  endedMessage,
  heldNotice,
  movesOn,
  noRoom,
  stillHeld,
  unknownHold,
} from './pause-messages.ts';
import type { PauseRoom } from './pause-room.ts';
import type { Turnstile } from './turnstile.ts';

/** How a wait ended. `noRoom` and `unknownHold` did not wait; `moved`: the client goes on at another replica. */
export type PauseEnd =
  | 'passed'
  | 'denied'
  | 'expired'
  | 'lapsed'
  | 'deleted'
  | 'stillHeld'
  | 'noRoom'
  | 'unknownHold'
  | 'moved'
  | 'clientGone'
  | 'failed';

/** What is told of a request that was held. */
export interface PauseFacts {
  end: PauseEnd;
  /** The last hold, if there were several one after the other. */
  hold: string;
  /** Empty where the hold is unknown. */
  policy: string;
  rule: string;
  /** True when an approval of it was seen. */
  approved: boolean;
  waitedMs: number;
}

/** A request, as far as pausing is concerned. */
export interface Pausable {
  /** What is kept of it, to be sent again; looked at when it is held. */
  readonly bytesIn: number;
  /** Filled in when the wait is over, however it ends; not for what was never held. */
  pause?: PauseFacts;
}

/** What became of a request that may have been held. `notice`: what to tell the client of the wait. */
export type PauseOutcome<T> = { passed: T; notice?: string } | Refusal;

/**
 * Sends by `attempt`, and while the answer is a hold, waits for its end and sends again. Ends with the answer, with 403
 * when the hold was denied or is over, with a 429 without retry advice when the hold's `pauseFor` is over or there is no
 * room to wait, or with a 503 that has the client come again when this process is about to end.
 *
 * @param attempt sends the very same bytes each time; never called again once `signal` is aborted
 */
export type Pause = <T extends object>(
  user: UserInfo,
  attempt: () => Promise<T | HeldAnswer>,
  signal: AbortSignal,
  request?: Pausable,
) => Promise<PauseOutcome<T>>;

export interface PauseParts {
  follower: Pick<HoldFollower, 'follow'>;
  room: PauseRoom;
  /** One decision may free a thousand requests at once; the API server has 200 seats for writes, and they are not ours alone. */
  resuming: Turnstile;
  now: () => number;
}

/** Our copy may not have heard yet of a hold that the webhook has just made. */
const appearsWithinMs = 10_000;
/** The webhook may hear of an approval a moment after us, and hold once more until it has. */
const againAfterMs = [100, 200, 400, 800, 1_600, 2_000] as const;

export function createPause({ follower, room, resuming, now }: PauseParts): Pause {
  return async <T extends object>(
    user: UserInfo,
    attempt: () => Promise<T | HeldAnswer>,
    signal: AbortSignal,
    request: Pausable = { bytesIn: 0 },
  ): Promise<PauseOutcome<T>> => {
    const startedAt = now();
    const first = await attempt();
    if (!isHeld(first)) return { passed: first };
    const wait: Wait<T> = { user, attempt, signal, startedAt, name: first.hold, end: 'failed' };
    const leave = room.take(request.bytesIn);
    try {
      if (leave === undefined) return ended(wait, 'noRoom', noRoom(first));
      return await waitOut(wait, first);
    } catch (error) {
      if (signal.aborted) wait.end = 'clientGone';
      throw error;
    } finally {
      leave?.();
      const { policy = '', rule = '' } = wait.asked?.spec ?? {};
      const { end, name: hold } = wait;
      const approved = wait.approved !== undefined;
      request.pause = { end, hold, policy, rule, approved, waitedMs: Math.max(0, now() - startedAt) };
    }
  };

  async function waitOut<T extends object>(wait: Wait<T>, held: HeldAnswer): Promise<PauseOutcome<T>> {
    const { user, attempt, signal, startedAt } = wait;
    let answer: T | HeldAnswer = held;
    let untilMs: number | undefined;
    let acted = { revision: '', times: 0 };
    while (isHeld(answer)) {
      const { hold: name, status } = answer;
      wait.name = name;
      const found = await follower.follow(name, isThere, untilMs ?? startedAt + appearsWithinMs, signal);
      if (found === 'released') return ended(wait, 'moved', movesOn(name));
      const asked = found === 'timeOver' ? undefined : found.state?.hold;
      // A hold of somebody else's is not this request's to wait for: the 429 was not our webhook's word.
      if (asked?.spec.subject.username !== user.username) return ended(wait, 'unknownHold', unknownHold(status));
      wait.asked = asked;
      untilMs ??= startedAt + asked.spec.pauseForSeconds * 1_000;

      const news = await follower.follow(name, (state) => hasNews(state, acted.revision), untilMs, signal);
      if (news === 'released') return ended(wait, 'moved', movesOn(name));
      if (news === 'timeOver') return ended(wait, 'stillHeld', stillHeld(name, asked, status));
      const { state } = news;
      const over = endOf(state);
      if (over !== undefined) {
        const message = messageOfEnd(over, state?.hold ?? asked);
        return ended(wait, over, refuse('forbidden', message, { details: detailsOf(status) }));
      }
      if (state?.phase === 'Approved') wait.approved = state.hold;
      const revision = state?.revision ?? '';
      acted = { revision, times: revision === acted.revision ? acted.times + 1 : 0 };
      if (acted.times > 0) {
        const again = againAfterMs[Math.min(acted.times - 1, againAfterMs.length - 1)] ?? 0;
        if (now() + again >= untilMs) return ended(wait, 'stillHeld', stillHeld(name, asked, status));
        await delay(again, undefined, { signal });
      }
      answer = await resuming.run(attempt, signal);
    }
    wait.end = 'passed';
    return { passed: answer, notice: heldNotice(wait.approved, now() - startedAt) };
  }
}

/** One request that waits, and what is known of its wait. */
interface Wait<T> {
  readonly user: UserInfo;
  readonly attempt: () => Promise<T | HeldAnswer>;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  name: string;
  end: PauseEnd;
  asked?: Hold;
  approved?: Hold;
}

function ended(wait: Pick<Wait<unknown>, 'end'>, end: PauseEnd, refusal: Refusal): Refusal {
  wait.end = end;
  return refusal;
}

function isThere(state: HoldState | undefined): boolean {
  return state !== undefined;
}

/** Approved: ask (again). Used: somebody else's request took the approval; ask once, for a hold of one's own. Gone: over. */
function hasNews(state: HoldState | undefined, actedOn: string): boolean {
  if (state === undefined) return true;
  if (state.phase === 'Pending') return false;
  return state.phase !== 'Used' || state.revision !== actedOn;
}

type Over = Extract<PauseEnd, 'denied' | 'expired' | 'lapsed' | 'deleted'>;

/** How a hold ended that lets nothing pass; undefined where there is something to try. */
function endOf(state: HoldState | undefined): Over | undefined {
  if (state === undefined) return 'deleted';
  if (state.phase === 'Denied') return 'denied';
  if (state.phase === 'Expired') return 'expired';
  return state.phase === 'Lapsed' ? 'lapsed' : undefined;
}

function messageOfEnd(over: Over, hold: Hold): string {
  if (over === 'denied') return deniedMessage(hold);
  return over === 'deleted' ? deletedMessage(hold) : endedMessage(hold, over);
}

function isHeld(answer: object): answer is HeldAnswer {
  return 'hold' in answer && 'status' in answer;
}

function detailsOf(status: HeldAnswer['status']): HeldAnswer['status']['details'] {
  const causes = status.details?.causes;
  return causes === undefined ? undefined : { causes };
}

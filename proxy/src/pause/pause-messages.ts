import type { Hold, Status } from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';
import type { HeldAnswer } from './held-answer.ts';

/** `hold h-… was denied by bob: <his words>`. */
export function deniedMessage(hold: Hold): string {
  const denial = hold.status?.decisions.find((decision) => decision.verdict === 'deny');
  const reason = denial?.reason === undefined || denial.reason === '' ? 'no reason was given' : denial.reason;
  return `hold ${nameOf(hold)} was denied by ${denial?.by ?? 'a reviewer'}: ${reason}`;
}

/** Nobody answered, or nobody used the answer: the next run asks anew. */
export function endedMessage(hold: Hold, end: 'expired' | 'lapsed'): string {
  const why = end === 'expired' ? 'expired: nobody decided in time' : 'lapsed: its approval was not used in time';
  return `hold ${nameOf(hold)} ${why}. Run the command again to ask anew.`;
}

/** Whoever deletes a hold takes its question back: nothing is approved, and nothing asked again by itself. */
export function deletedMessage(hold: Hold): string {
  return `hold ${nameOf(hold)} was deleted. Run the command again to ask anew.`;
}

/** Printed by kubectl as a warning, once the request went through. */
export function heldNotice(hold: Hold | undefined, waitedMs: number): string {
  const waited = `held ${String(Math.round(waitedMs / 1_000))}s`;
  const people = (hold?.status?.decisions ?? []).filter((each) => each.verdict === 'approve').map((each) => each.by);
  if (hold === undefined || people.length === 0) return waited;
  return `${waited}, approved by ${people.join(', ')} (${nameOf(hold)})`;
}

/**
 * The wait is over for now. Without retryAfterSeconds: client libraries would ask again by themselves, silently, ten times.
 */
export function stillHeld(name: string, hold: Hold, status: Status): Refusal {
  const message =
    `hold ${name} is still open after ${durationOf(hold.spec.pauseForSeconds)} (rule ${hold.spec.rule} of AccessPolicy ${hold.spec.policy}). ` +
    'Run the same command later: it picks up where it stood.';
  return withCauses('held', message, status, 'pauseFor is over');
}

/** As many wait as this proxy has room for. The hold stands all the same, and no client library is to ask for it in a loop. */
export function noRoom({ hold, status }: HeldAnswer): Refusal {
  const message =
    `hold ${hold} asks for an approval, and this proxy keeps as many requests waiting as it can. ` +
    'Run the same command later: it picks up where it stood.';
  return withCauses('held', message, status, 'no room to wait');
}

/** The one Retry-After of ours: client-go comes again within a second, on another connection, and waits there. */
export function movesOn(name: string): Refusal {
  const message = `hold ${name} is still open, and this proxy is about to end. Run the same command again: it picks up where it stood.`;
  return refuse('ending', message, { reason: 'the proxy is ending', details: { retryAfterSeconds: 1 } });
}

/** A 429 that names a hold which our copy does not know, or which is somebody else's. */
export function unknownHold(status: Status): Refusal {
  return withCauses('held', status.message, status, 'the hold named in the 429 is unknown here');
}

function withCauses(why: 'held', message: string, status: Status, reason: string): Refusal {
  const causes = status.details?.causes;
  return refuse(why, message, { reason, ...(causes === undefined ? {} : { details: { causes } }) });
}

function nameOf(hold: Hold): string {
  return hold.metadata.name ?? '';
}

/** Go-style, as in the policy. */
function durationOf(seconds: number): string {
  return seconds % 60 === 0 ? `${String(seconds / 60)}m` : `${String(seconds)}s`;
}

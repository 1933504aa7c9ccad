import { createHash } from 'node:crypto';
import {
  deliveryIdOf,
  dueNotifications,
  messageOf,
  type DueNotification,
  type Hold,
  type Jitter,
  type Notification,
} from '@holdpoint/core';
import type { EventSink, KubeClient, Logger, ObjectCache } from '@holdpoint/platform';
import { toPostRequest } from './delivery.ts';
import { createEventWriter } from './event-writer.ts';
import { createLane, type Job, type Lane } from './lane.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import { createOutcomes } from './outcomes.ts';
import type { Post, PostResult } from './post.ts';
import { credentialsOf, type Receivers } from './receivers.ts';

export interface DispatcherParts {
  kube: Pick<KubeClient, 'get' | 'replace'>;
  holds: ObjectCache<Hold>;
  receivers: Receivers;
  events: EventSink;
  post: Post;
  isLeader: () => boolean;
  metrics: NotifyMetrics;
  logger: Logger;
  now: () => number;
}

export interface Dispatcher {
  /** Does what is due now, as far as there are slots for it. Returns at once. */
  tick(): void;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
  /** Gives up what is being sent, and resolves when what was sent is on record. */
  close(): Promise<void>;
}

/**
 * All holds are looked at this often, not only those that changed: time passes for them too, and what did not fit into a full
 * lane is found again.
 */
const fullPassMs = 30_000;
/** At some 2 µs each, a millisecond a tick: reviews are answered on the same thread. Ten thousand holds take ten seconds. */
const visitsPerTick = 500;
/** For what is queued or being sent: whoever finishes it looks at once. */
const recheckMs = 5_000;
/** The label of receivers that are not in the file: a policy's word is no label. */
const unknownReceiver = 'unknown';

/**
 * Tells whoever is to be told of a hold. Works off the copy of all holds, beside the requests that create and change them, and
 * holds nothing that matters: what is to be told, and how often it was tried, stands in the holds. So
 *
 * - an end at any moment loses nothing. One between a POST and its record has it sent again, with the same id: at least once;
 * - a receiver that hangs takes its own few slots, and delays no other;
 * - one that is dead is left alone for up to a minute, whatever waits for it, and the holds say so.
 */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { holds, receivers, metrics, logger, now } = parts;
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const run = (work: Promise<void>): void => {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
  };
  const outcomes = createOutcomes({ kube: parts.kube, logger, now, run });
  const events = createEventWriter({ sink: parts.events, logger, now, run });
  const lanes = new Map<string, Lane>();
  /** The holds of which something is still to be told: how much, and when to look next. */
  const waiting = new Map<string, { count: number; nextAtMs: number }>();
  let isLeading = false;
  let lastPassMs = 0;
  /** What is left of the last look at all holds. */
  let toVisit: string[] = [];

  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const labelOf = (receiver: string): string => (receivers.get(receiver) === undefined ? unknownReceiver : receiver);
  const laneOf = (receiver: string): Lane => {
    const lane = lanes.get(receiver) ?? createLane(receiver);
    lanes.set(receiver, lane);
    return lane;
  };
  const duesOf = (hold: Hold, nowMs: number): DueNotification[] => {
    const jitter: Jitter = ({ receiver, phase, attempts }) =>
      Number.parseInt(hash(`${deliveryIdOf(hold, phase, receiver, hash)} ${String(attempts)}`).slice(0, 8), 16) /
      2 ** 32;
    return dueNotifications(outcomes.over(hold), nowMs, jitter);
  };

  const consider = (name: string, nowMs: number): void => {
    const hold = holds.get(name);
    if (hold === undefined) {
      waiting.delete(name);
      outcomes.forget(name);
      return;
    }
    events.consider(hold, nowMs);
    const open = duesOf(hold, nowMs).filter((due) => {
      if (due.action === 'GiveUp') giveUp(hold, due, nowMs);
      return due.action === 'Send';
    });
    if (open.length === 0) waiting.delete(name);
    else waiting.set(name, { count: open.length, nextAtMs: Math.min(...open.map((due) => enqueue(hold, due, nowMs))) });
  };

  const giveUp = (hold: Hold, due: DueNotification & { action: 'GiveUp' }, nowMs: number): void => {
    metrics.givenUp(labelOf(due.receiver));
    logger.warn(
      { hold: hold.metadata.name, receiver: due.receiver, phase: due.phase, problem: due.problem },
      'notification given up',
    );
    outcomes.note(hold, entryOf(due, 'GivenUp', due.attempts, nowMs, due.problem));
  };

  /** Returns when to look at it again. */
  const enqueue = (hold: Hold, due: DueNotification, nowMs: number): number => {
    if (due.action === 'Send' && due.dueAtMs > nowMs) return due.dueAtMs;
    const lane = laneOf(due.receiver);
    const blockedUntilMs = lane.blockedUntilMs(nowMs);
    if (blockedUntilMs !== undefined) {
      if (!due.isNoted) outcomes.note(hold, entryOf(due, 'Retrying', 0, nowMs, lane.trouble()));
      return blockedUntilMs;
    }
    lane.add({
      id: deliveryIdOf(hold, due.phase, due.receiver, hash),
      hold: hold.metadata.name ?? '',
      phase: due.phase,
    });
    return nowMs + recheckMs;
  };

  const pump = (lane: Lane): void => {
    for (let job = lane.take(now()); job !== undefined; job = lane.take(now())) run(attempt(lane, job));
  };

  const attempt = async (lane: Lane, job: Job): Promise<void> => {
    const hold = holds.get(job.hold);
    // It may have been decided while it waited for a slot.
    const due =
      hold === undefined
        ? undefined
        : duesOf(hold, now()).find(
            (each) => each.action === 'Send' && each.receiver === lane.receiver && each.phase === job.phase,
          );
    if (hold === undefined || due === undefined) {
      lane.finish(job, undefined, now());
    } else {
      const result = await tell(hold, due, job.id);
      lane.finish(job, result, now());
      // One that we broke off ourselves says nothing about the receiver.
      if (ending.signal.aborted && !result.ok) return;
      if (result.ok) metrics.delivered(labelOf(lane.receiver));
      else metrics.failed(labelOf(lane.receiver), result.reason);
      const problem = result.ok ? undefined : result.problem;
      outcomes.note(hold, entryOf(due, result.ok ? 'Delivered' : 'Retrying', due.attempts + 1, now(), problem));
    }
    consider(job.hold, now());
    pump(lane);
  };

  const tell = async (
    hold: Hold,
    { receiver: name, phase, atMs }: DueNotification,
    id: string,
  ): Promise<PostResult> => {
    const receiver = receivers.get(name);
    if (receiver === undefined) {
      return { ok: false, reason: 'UnknownReceiver', problem: 'no receiver of this name in the receivers file' };
    }
    try {
      const request = toPostRequest(receiver, credentialsOf(receiver), { hold, phase, atMs, id }, now());
      return await parts.post(request, ending.signal);
    } catch (error) {
      logger.error({ err: messageOf(error), receiver: name }, 'receiver cannot be told');
      return { ok: false, reason: 'Credentials', problem: "the receiver's key, token or CA file cannot be used" };
    }
  };

  const stopListening = holds.onChange((hold) => {
    if (!isLeading) return;
    const nowMs = now();
    consider(hold.metadata.name ?? '', nowMs);
    proceed(nowMs);
  });

  const proceed = (nowMs: number): void => {
    outcomes.flush(nowMs);
    events.pump(nowMs);
    for (const lane of lanes.values()) pump(lane);
    metrics.pending([...waiting.values()].reduce((sum, { count }) => sum + count, 0));
  };

  const stopLeading = (): void => {
    isLeading = false;
    toVisit = [];
    waiting.clear();
    events.clear();
    for (const lane of lanes.values()) lane.clear();
    metrics.pending(0);
  };

  const settled = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running);
  };

  return {
    tick() {
      if (ending.signal.aborted) return;
      const nowMs = now();
      if (!parts.isLeader()) {
        if (isLeading) stopLeading();
        // What we sent while we led is still ours to write down.
        outcomes.flush(nowMs);
        return;
      }
      if (!isLeading || nowMs - lastPassMs >= fullPassMs) {
        isLeading = true;
        lastPassMs = nowMs;
        toVisit = holds.list().map((hold) => hold.metadata.name ?? '');
      }
      for (const name of toVisit.splice(0, visitsPerTick)) consider(name, nowMs);
      for (const [name, { nextAtMs }] of waiting) {
        if (nextAtMs <= nowMs) consider(name, nowMs);
      }
      proceed(nowMs);
    },
    settled,
    async close() {
      stopListening();
      stopLeading();
      ending.abort();
      await settled();
    },
  };
}

function entryOf(
  { receiver, phase }: DueNotification,
  state: Notification['state'],
  attempts: number,
  nowMs: number,
  problem: string | undefined,
): Notification {
  const at = new Date(nowMs).toISOString();
  return { receiver, phase, state, attempts, at, ...(problem === undefined ? {} : { problem }) };
}

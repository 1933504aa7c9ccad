import type { NotifiedPhase } from '@holdpoint/core';
import type { PostResult } from './post.ts';

/** One thing to tell, of one hold. What is told is worked out when it is sent. */
export interface Job {
  id: string;
  hold: string;
  phase: NotifiedPhase;
}

/** What waits for one receiver, and how that receiver does. One lane's trouble is no other's. */
export interface Lane {
  readonly receiver: string;
  /** Until when the receiver is left alone; undefined when it may be tried. */
  blockedUntilMs(nowMs: number): number | undefined;
  /** Why it is left alone, for a person. */
  trouble(): string;
  /** False when the lane is full: what is not taken is found on its hold again. */
  add(job: Job): boolean;
  /** The next to send now, if there is one and a slot for it. */
  take(nowMs: number): Job | undefined;
  /** Ends what was taken; without a result when it was not sent after all. */
  finish(job: Job, result: PostResult | undefined, nowMs: number): void;
  /** Forgets what waits. */
  clear(): void;
}

/** One receiver is told of a thousand holds in some ten seconds at 50 ms an answer, and never has more than this at once. */
const maxInFlight = 4;
/** As many holds as should ever wait at once; some 100 KiB. */
const maxQueued = 1_000;
/** Fewer may be bad luck. */
const failuresToBlock = 5;
const firstBlockMs = 5_000;
/** So a receiver that is dead gets one request a minute, whatever waits for it, and is found alive within one. */
const maxBlockMs = 60_000;
/** As for a retry; who asks for longer is asked again all the same. */
const maxRetryAfterMs = 300_000;

export function createLane(receiver: string): Lane {
  const queue = new Map<string, Job>();
  const inFlight = new Set<string>();
  let failures = 0;
  let blockedUntil = 0;
  let lastProblem = '';
  const isBlocked = (nowMs: number): boolean => nowMs < blockedUntil;
  return {
    receiver,
    blockedUntilMs: (nowMs) => (isBlocked(nowMs) ? blockedUntil : undefined),
    trouble: () => `waits: the receiver has failed ${String(failures)} times in a row; last: ${lastProblem}`,
    add(job) {
      if (inFlight.has(job.id) || queue.has(job.id)) return true;
      if (queue.size >= maxQueued) return false;
      queue.set(job.id, job);
      return true;
    },
    take(nowMs) {
      // After a block, one goes ahead and finds out.
      const slots = failures >= failuresToBlock ? 1 : maxInFlight;
      if (isBlocked(nowMs) || inFlight.size >= slots) return undefined;
      const next = queue.values().next();
      if (next.done === true) return undefined;
      queue.delete(next.value.id);
      inFlight.add(next.value.id);
      return next.value;
    },
    finish(job, result, nowMs) {
      inFlight.delete(job.id);
      if (result === undefined) return;
      if (result.ok) {
        failures = 0;
        blockedUntil = 0;
        return;
      }
      failures += 1;
      lastProblem = result.problem;
      if (failures >= failuresToBlock) {
        const blockMs = Math.min(maxBlockMs, firstBlockMs * 2 ** Math.min(failures - failuresToBlock, 4));
        blockedUntil = Math.max(blockedUntil, nowMs + blockMs);
      }
      if (result.retryAfterMs !== undefined) {
        blockedUntil = Math.max(blockedUntil, nowMs + Math.min(maxRetryAfterMs, result.retryAfterMs));
      }
    },
    clear: () => queue.clear(),
  };
}

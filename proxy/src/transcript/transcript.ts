import { setTimeout as sleepFor } from 'node:timers/promises';
import { messageOf } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import type { PostToSink } from '../sink/sink-client.ts';
import type { LeftOut, TranscriptEvent } from './transcript-event.ts';

/** Why a request is not told of one by one. */
export type LeftOutReason = 'queue-full' | 'refused-by-sink' | 'unauthenticated-flood';

/** The proxy's account of what it was asked, on its way to the audit sink. */
export interface Transcript {
  add(event: TranscriptEvent): void;
  /** Counts a request that is not to be told of by itself. */
  leaveOut(reason: LeftOutReason): void;
  /** What waits to be sent. */
  queued(): { events: number; bytes: number };
  /** Sends what waits, for at most so long; resolves with what was left. */
  close(withinMs: number): Promise<number>;
}

export interface TranscriptObserver {
  sent(events: number): void;
  leftOut(reason: LeftOutReason | 'ended', events: number): void;
  postFailed(): void;
}

export interface TranscriptParts {
  post: PostToSink;
  leftOutEvent: (leftOut: LeftOut) => TranscriptEvent;
  observer: TranscriptObserver;
  logger: Logger;
  /** Milliseconds. */
  now: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  limits?: Partial<TranscriptLimits>;
}

export interface TranscriptLimits {
  maxEvents: number;
  /** Of their JSON, in UTF-16 units. */
  maxBytes: number;
  /** One POST. */
  batchEvents: number;
  batchBytes: number;
}

/**
 * An event is about a kilobyte: these are some minutes of an agent that never rests, and a third of what a pod is likely to be
 * given. The sink takes batches as the API server makes them.
 */
const defaultLimits: TranscriptLimits = {
  maxEvents: 20_000,
  maxBytes: 32 * 1_048_576,
  batchEvents: 400,
  batchBytes: 4 * 1_048_576,
};
/** So many may come together in one POST; an auditor who follows a session does not feel it. */
const gatherMs = 500;
const retryDelaysMs = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** The sink will never take it: sent again it would be refused again, and keep back all that is behind it. */
const refusedForGood: ReadonlySet<number> = new Set([400, 413, 415]);

/**
 * Never in the way of a request: `add` only queues. While the sink is away events wait, bounded by count and bytes; what finds
 * no room is counted, and the count is an event itself, so that the record says what it does not hold.
 */
export function createTranscript(parts: TranscriptParts): Transcript {
  const { post, leftOutEvent, observer, logger, now } = parts;
  // Rejects when it is cut short alone, and that is how a transcript that closes is woken.
  const sleep = parts.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => undefined));
  const limits = { ...defaultLimits, ...parts.limits };
  const queue: string[] = [];
  let bytes = 0;
  const leftOut = new Map<LeftOutReason, LeftOut>();
  const closing = new AbortController();
  const givenUp = new AbortController();
  let running: Promise<void> | undefined;

  const leaveOut = (reason: LeftOutReason, requests = 1): void => {
    const found = leftOut.get(reason);
    if (found === undefined) leftOut.set(reason, { reason, requests, sinceMs: now() });
    else found.requests += requests;
    observer.leftOut(reason, requests);
    wake();
  };
  /** Off the queue only when the sink has it: what is being sent counts against the bounds like what waits. */
  const nextBatch = (): string[] => {
    let size = 0;
    let count = 0;
    while (count < Math.min(queue.length, limits.batchEvents)) {
      size += queue[count]?.length ?? 0;
      if (count > 0 && size > limits.batchBytes) break;
      count += 1;
    }
    return queue.slice(0, count);
  };
  const done = (batch: readonly string[]): void => {
    queue.splice(0, batch.length);
    for (const each of batch) bytes -= each.length;
  };
  const queueLeftOut = (): void => {
    for (const each of leftOut.values()) {
      const event = JSON.stringify(leftOutEvent(each));
      queue.push(event);
      bytes += event.length;
    }
    leftOut.clear();
  };
  /** True when the batch is done with. */
  const send = async (batch: readonly string[]): Promise<boolean> => {
    const code = await post(
      Buffer.from(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${batch.join()}]}`),
    );
    if (code === 200) {
      observer.sent(batch.length);
      return true;
    }
    if (!refusedForGood.has(code)) throw new Error(`the audit sink answered ${String(code)}`);
    logger.error({ code, events: batch.length }, 'transcript refused by the audit sink');
    leaveOut('refused-by-sink', batch.length);
    return true;
  };
  const run = async (): Promise<void> => {
    let failures = 0;
    while ((queue.length > 0 || leftOut.size > 0) && !givenUp.signal.aborted) {
      if (queue.length < limits.batchEvents) await sleep(gatherMs, closing.signal);
      // Only where there is room: an event about a full queue must not overfill it without end.
      if (queue.length < limits.maxEvents) queueLeftOut();
      const batch = nextBatch();
      try {
        if (await send(batch)) done(batch);
        if (failures > 0) logger.info({}, 'audit sink takes the transcript again');
        failures = 0;
      } catch (error) {
        observer.postFailed();
        if (failures === 0) logger.warn({ reason: messageOf(error) }, 'transcript waits for the audit sink');
        await sleep(retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)] ?? 0, givenUp.signal);
        failures += 1;
      }
    }
  };
  const wake = (): void => {
    running ??= run().finally(() => {
      running = undefined;
    });
  };

  return {
    add(event) {
      const text = JSON.stringify(event);
      if (queue.length >= limits.maxEvents || bytes + text.length > limits.maxBytes) return leaveOut('queue-full');
      queue.push(text);
      bytes += text.length;
      wake();
    },
    leaveOut: (reason) => leaveOut(reason),
    queued: () => ({ events: queue.length, bytes }),
    async close(withinMs) {
      closing.abort();
      const timer = setTimeout(() => givenUp.abort(), withinMs);
      await running;
      clearTimeout(timer);
      if (queue.length > 0) observer.leftOut('ended', queue.length);
      return queue.length;
    },
  };
}

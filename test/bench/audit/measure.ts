import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../load/process-usage.ts';
import type { AuditArm, ArmName } from './arm.ts';
import type { EventMaker } from './event-maker.ts';
import type { Sender } from './send.ts';

/** What is sent, and how. */
export type Pace =
  /** So many senders, each with its next POST when the last is answered. */
  | { type: 'Full'; name: string; senders: number; eventsAPost: number }
  /** One POST every so often, whatever becomes of those before. */
  | { type: 'Paced'; name: string; everyMs: number; eventsAPost: number };

/** One arm's turn at one pace. */
export interface Turn {
  arm: ArmName;
  pace: string;
  events: number;
  rawBytes: number;
  acknowledgedMs: readonly number[];
  /** From the first POST until the last was answered. */
  sendingMs: number;
  /** From the first POST until the last event could be asked for. */
  storedMs: number;
  /** Of the arm's process, in that time. */
  cpuMs: number;
  /** From sending a POST until its last event could be asked for, looked at from time to time. */
  visibleMs: readonly number[];
  peakRssBytes: number;
}

export interface Lane {
  arm: AuditArm;
  sender: Sender;
  maker: EventMaker;
}

const lookEveryMs = 100;
const visibleWithinMs = 120_000;

export async function takeTurn({ arm, sender, maker }: Lane, pace: Pace, durationMs: number): Promise<Turn> {
  const acknowledgedMs: number[] = [];
  const visibleMs: number[] = [];
  let [events, rawBytes] = [0, 0];
  let lastAuditId = '';
  const cpuBefore = usageOf(arm.pid).cpuMs;
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  const send = async (): Promise<void> => {
    const post = maker.post(pace.eventsAPost);
    lastAuditId = post.lastAuditId;
    acknowledgedMs.push(await sender.send(post));
    events += post.events;
    rawBytes += post.body.length;
  };
  const watching = watchVisibility();
  if (pace.type === 'Full') {
    const one = async (): Promise<void> => {
      while (performance.now() < until) await send();
    };
    await Promise.all(Array.from({ length: pace.senders }, one));
  } else {
    const sent: Promise<void>[] = [];
    for (let next = startedAt; next < until; next += pace.everyMs) {
      await sleep(Math.max(0, next - performance.now()));
      sent.push(send());
    }
    await Promise.all(sent);
  }
  const sendingMs = performance.now() - startedAt;
  await untilVisible(arm, lastAuditId);
  const storedMs = performance.now() - startedAt;
  const { cpuMs, peakRssBytes } = usageOf(arm.pid);
  await watching;
  return {
    ...{ arm: arm.name, pace: pace.name, events, rawBytes, acknowledgedMs, sendingMs, storedMs },
    ...{ cpuMs: cpuMs - cpuBefore, visibleMs, peakRssBytes },
  };

  /** Follows one event after the other; looking costs, so a full load is not looked at meanwhile. */
  async function watchVisibility(): Promise<void> {
    if (pace.type === 'Full') return;
    while (performance.now() < until) {
      await sleep(500);
      const sentAt = performance.now();
      await untilVisible(arm, lastAuditId);
      visibleMs.push(performance.now() - sentAt);
    }
  }
}

async function untilVisible(arm: AuditArm, auditId: string): Promise<void> {
  const until = performance.now() + visibleWithinMs;
  while (!(await arm.has(auditId))) {
    if (performance.now() > until) throw new Error(`${arm.name}: ${auditId} is not there after two minutes`);
    await sleep(lookEveryMs);
  }
}

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditSink } from '../src/audit-sink.ts';

/** API servers that send audit events to a sink, as long as it takes. */
export interface AuditSenders {
  /** Events that each of them had acknowledged: all that it made, in the end. */
  acknowledged(): number[];
  /** POSTs that were sent again: refused, cut off, or never answered. */
  resent(): number;
  /** Makes no more events; resolves when the sink has acknowledged every one. */
  finish(): Promise<void>;
}

export interface SenderOptions {
  servers: number;
  /** Makes event `n` of API server `server`: see `auditIdOf`. */
  event: (server: number, n: number) => object;
  random: () => number;
}

/** Of k8s.io/apiserver/plugin/pkg/audit/buffered: how many events go together, and how many POSTs are under way at once. */
const maxEventsAPost = 400;
const postsAtOnce = 4;
const retryMs = { first: 50, factor: 1.5, most: 1_000 };

export function auditIdOf(server: number, n: number): string {
  return `${String(server)}-${String(n)}`;
}

/**
 * Sends as the API server does in batch mode: some POSTs at once, in no order, each sent again as a whole until it is
 * acknowledged, also where the answer alone was lost. Unlike it, never gives up: so what is acknowledged is what was made,
 * and a count says whether the store has it.
 */
export function startSenders(sink: AuditSink, { servers, event, random }: SenderOptions): AuditSenders {
  const made = Array.from({ length: servers }, () => 0);
  const acknowledged = Array.from({ length: servers }, () => 0);
  let resent = 0;
  let finishing = false;
  const agent = new Agent({ keepAlive: true, ca: readFileSync(sink.caFile) });

  const lane = async (server: number): Promise<void> => {
    while (!finishing) {
      const count = 1 + Math.floor(random() * (random() < 0.2 ? maxEventsAPost : 40));
      const first = made[server] ?? 0;
      made[server] = first + count;
      const items = Array.from({ length: count }, (_, i) => event(server, first + i));
      const body = Buffer.from(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items }));
      for (let wait = retryMs.first; !(await isAcknowledged(sink, agent, body)); wait *= retryMs.factor) {
        resent += 1;
        await sleep(Math.min(retryMs.most, wait) * (0.5 + random()));
      }
      // Now and then the answer is lost on its way: then the batch comes again although it is stored.
      if (random() < 0.05) {
        resent += 1;
        await isAcknowledged(sink, agent, body);
      }
      acknowledged[server] = (acknowledged[server] ?? 0) + count;
      await sleep(random() * 20);
    }
  };
  const lanes = Array.from({ length: servers * postsAtOnce }, (_, i) => lane(i % servers));
  return {
    acknowledged: () => [...acknowledged],
    resent: () => resent,
    async finish() {
      finishing = true;
      await Promise.all(lanes);
      agent.destroy();
    },
  };
}

function isAcknowledged(sink: AuditSink, agent: Agent, body: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${sink.intakeToken}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const sent = request(`${sink.url}/audit`, { method: 'POST', agent, headers, timeout: 30_000 }, (answer) => {
      answer.resume();
      answer.on('error', () => resolve(false));
      answer.on('end', () => resolve(answer.statusCode === 200));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', () => resolve(false));
    sent.end(body);
  });
}

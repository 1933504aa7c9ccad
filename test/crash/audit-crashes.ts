import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';
import { preload } from '../src/preload.ts';
import { auditIdOf, startSenders } from './audit-senders.ts';

/** The named points, as auditsink/src/spool/steps.ts has them, and any moment. */
export const crashPoints = [
  'appended',
  'synced',
  'planned',
  'inserted',
  'positioned',
  'checkpointing',
  'checkpointed',
  'any moment',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

export interface CrashOptions {
  /** The points at which it dies, one after the other. */
  points: readonly CrashPoint[];
  servers: number;
  random: () => number;
  onRound?: (round: number, point: CrashPoint) => void;
}

/** What became of the events. Exactly as it should be: `stored`, `distinct` and `known` are all `acknowledged`. */
export interface CrashResult {
  acknowledged: number;
  stored: number;
  distinct: number;
  /** Of the stored ones, those that were sent, by their ids. */
  known: number;
  /** Deaths at each point. */
  deaths: Readonly<Partial<Record<CrashPoint, number>>>;
  resent: number;
}

/** A step that is not reached within this is no death at that point. */
const reachedWithinMs = 15_000;

/**
 * Kills a sink under load, again and again, and counts what is in its store in the end. API servers go on sending all the
 * time, so events are on their way, half read, half written, written and not answered, loaded and not remembered.
 */
export async function crashAgainAndAgain(sink: AuditSink, options: CrashOptions): Promise<CrashResult> {
  const { points, servers, random, onRound = () => undefined } = options;
  const senders = startSenders(sink, { servers, event: eventOf, random });
  const deaths: Partial<Record<CrashPoint, number>> = {};
  for (const [round, point] of points.entries()) {
    onRound(round, point);
    if (await dieAt(sink, point, random)) deaths[point] = (deaths[point] ?? 0) + 1;
    await sink.kill();
  }
  await sink.start();
  await senders.finish();
  const made = senders.acknowledged();
  const acknowledged = made.reduce((sum, count) => sum + count, 0);
  const stored = await eventually(
    'all that was acknowledged is stored',
    async () => {
      const count = Number(await sink.sql(`SELECT count() FROM audit_events`));
      return count >= acknowledged ? count : undefined;
    },
    300_000,
  );
  const known = made
    .map(
      (count, server) =>
        `(startsWith(audit_id, '${String(server)}-') AND toUInt64(splitByChar('-', audit_id)[2]) < ${String(count)})`,
    )
    .join(' OR ');
  const [distinct, knownCount] = (
    await sink.sql(`SELECT uniqExact(audit_id), countIf(${known}) FROM audit_events FORMAT TSV`)
  ).split('\t');
  return {
    acknowledged,
    stored,
    distinct: Number(distinct),
    known: Number(knownCount),
    deaths,
    resent: senders.resent(),
  };
}

/** True when it died there. */
async function dieAt(sink: AuditSink, point: CrashPoint, random: () => number): Promise<boolean> {
  if (point === 'any moment') {
    sink.launch();
    // From the middle of its start to well under load.
    await sleep(400 + random() * 3_000);
    return true;
  }
  // Checkpoints are written when a sink ends; the other steps are reached many times a second.
  const isCheckpoint = point.startsWith('checkpoint');
  const occurrence = isCheckpoint ? 1 : 1 + Math.floor(random() * 8);
  sink.launch(preload('crash-at.ts', { step: point, occurrence: String(occurrence) }));
  if (isCheckpoint) return (await sleep(1_500 + random() * 1_500).then(() => sink.stop())) === null;
  return await Promise.race([sink.ended().then(() => true), sleep(reachedWithinMs, false)]);
}

function eventOf(server: number, n: number): object {
  const auditID = auditIdOf(server, n);
  const time = new Date(Date.UTC(2026, 4, 4) + n * 7).toISOString();
  return {
    kind: 'Event',
    level: 'RequestResponse',
    auditID,
    stage: 'ResponseComplete',
    requestURI: `/api/v1/namespaces/dev/configmaps/${auditID}`,
    verb: n % 3 === 0 ? 'update' : 'get',
    user: { username: `agent-${String(n % 5)}`, groups: ['ai-agents', 'system:authenticated'] },
    sourceIPs: ['127.0.0.1'],
    userAgent: 'kubectl/v1.37.0',
    objectRef: { resource: 'configmaps', namespace: 'dev', name: auditID, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: auditID },
      data: { text: `${auditID} `.repeat(50) },
    },
    requestReceivedTimestamp: time.replace('Z', '000Z'),
    stageTimestamp: time.replace('Z', '000Z'),
  };
}

import type { SqlClient } from './sql-client.ts';

/** One event of an asciicast: seconds since the start; `o`, `i` or `r`; its text. */
export type Frame = [number, string, string];

/** A terminal of a session, without its frames. */
export interface TerminalRecording {
  id: string;
  auditId: string;
  /** As ClickHouse writes it, UTC. */
  startedAt: string;
  /** Null where its end is not on record: it is still open, or broke off. */
  endedAt: string | null;
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  width: number;
  height: number;
  /** Seconds until its last frame. */
  seconds: number;
  frameCount: number;
  /** How many batches of frames the record lacks. */
  missing: number;
}

/** More are not told one by one. */
const mostRecordings = 10_000;

/** A session's terminals, in order. */
export async function recordingsOf(sql: SqlClient, session: string): Promise<TerminalRecording[]> {
  return await sql.rows<TerminalRecording>(
    `SELECT recording_id AS id, any(audit_id) AS auditId, toString(min(started_at)) AS startedAt,
       if(max(ended_at) IS NULL, NULL, toString(max(ended_at))) AS endedAt, any(namespace) AS namespace, any(pod) AS pod,
       any(container) AS container, any(command) AS command, max(width) AS width, max(height) AS height,
       max(arrayMax(arrayMap(x -> x.1, frames))) AS seconds, toUInt32(sum(length(frames))) AS frameCount,
       toUInt32(max(sequence_in_recording) + 1 - uniqExact(sequence_in_recording)) AS missing
     FROM recordings WHERE session = {session:String} GROUP BY recording_id
     ORDER BY min(started_at), recording_id LIMIT {limit:UInt32}`,
    { session, limit: String(mostRecordings) },
  );
}

/** Batches, each of some KiB, that are asked for at a time. */
const batchesAtOnce = 200;

/** The frames of one terminal, in order. */
export async function* framesOf(sql: SqlClient, session: string, recording: string): AsyncGenerator<Frame> {
  for (let next = 0; ;) {
    const batches = await sql.rows<{ place: number; frames: Frame[] }>(
      `SELECT sequence_in_recording AS place, any(frames) AS frames FROM recordings
       WHERE session = {session:String} AND recording_id = {recording:String} AND sequence_in_recording >= {next:UInt32}
       GROUP BY sequence_in_recording ORDER BY sequence_in_recording LIMIT {limit:UInt32}`,
      { session, recording, next: String(next), limit: String(batchesAtOnce) },
    );
    for (const { frames } of batches) yield* frames;
    const last = batches.at(-1);
    if (last === undefined || batches.length < batchesAtOnce) return;
    next = last.place + 1;
  }
}

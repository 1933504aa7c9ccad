import { quoteSql, type SqlClient } from './sql-client.ts';

/** One event of an asciicast: seconds since the start, `o`, `i` or `r`, its text. */
export type Frame = [number, string, string];

export interface TerminalRecording {
  id: string;
  /** As ClickHouse writes it, UTC. */
  startedAt: string;
  namespace: string;
  pod: string;
  command: string[];
  width: number;
  height: number;
  frames: Frame[];
}

interface RecordingRow {
  id: string;
  started: string;
  namespace: string;
  pod: string;
  command: string[];
  width: number;
  height: number;
  frames: Frame[][];
}

/** A session's terminals, in order, each with all of its frames. */
export async function recordingsOf(sql: SqlClient, session: string): Promise<TerminalRecording[]> {
  const rows = await sql.rows<RecordingRow>(
    `SELECT recording_id AS id, toString(any(started_at)) AS started, any(namespace) AS namespace, any(pod) AS pod,
       any(command) AS command, any(width) AS width, any(height) AS height,
       arrayMap(x -> x.2, arraySort(x -> x.1, groupArray((sequence_in_recording, frames)))) AS frames
     FROM recordings WHERE session = ${quoteSql(session)} GROUP BY recording_id ORDER BY started`,
  );
  return rows.map((row) => ({
    id: row.id,
    startedAt: row.started,
    namespace: row.namespace,
    pod: row.pod,
    command: row.command,
    width: row.width,
    height: row.height,
    frames: row.frames.flat(),
  }));
}

/** asciicast v2: a header and an event a line. Source: docs.asciinema.org, asciicast v2. */
export function toAsciicast(recording: TerminalRecording): string {
  const header = {
    version: 2,
    width: recording.width,
    height: recording.height,
    timestamp: Math.floor(Date.parse(`${recording.startedAt.replace(' ', 'T')}Z`) / 1_000),
    command: recording.command.join(' '),
    title: `${recording.namespace}/${recording.pod}`,
  };
  return [header, ...recording.frames].map((line) => JSON.stringify(line)).join('\n');
}

import { HoldpointError } from '@holdpoint/core';
import { printTable, toPrintable } from '../output/table.ts';
import { recordingsOf, toAsciicast, type TerminalRecording } from './recordings.ts';
import { quoteSql, type SqlClient } from './sql-client.ts';
import { createTerminalFilter } from './terminal-filter.ts';

export interface ReplayOptions {
  /** How much faster than it was. 0: at once. */
  speed: number;
  as: 'timeline' | 'asciicast';
}

export interface ReplayParts {
  sql: SqlClient;
  write: (text: string) => void;
  sleep: (ms: number) => Promise<void>;
}

interface TimelineRow {
  time: string;
  command: string;
  verb: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  decision: string;
  rule: string;
  hold: string;
  decided_by: string;
  verdict: string;
  reason: string;
  code: number;
}

/** A pause longer than this tells a viewer nothing more. */
const longestPauseMs = 2_000;

/**
 * Tells a session: every request with its decision, its approver and its result, then its terminals, played as they were.
 *
 * @throws HoldpointError ERR_QUERY_REFUSED when nothing of the session is on record
 */
export async function replaySession(session: string, options: ReplayOptions, parts: ReplayParts): Promise<void> {
  const recordings = await recordingsOf(parts.sql, session);
  if (options.as === 'asciicast') {
    for (const recording of recordings) parts.write(`${toAsciicast(recording)}\n`);
    return;
  }
  const rows = await parts.sql.rows<TimelineRow>(
    `SELECT toString(event_time) AS time, command, verb, resource, subresource, namespace, name, decision, rule, hold,
       decided_by, verdict, reason, code
     FROM timeline WHERE session = ${quoteSql(session)} AND resource != '' ORDER BY event_time`,
  );
  if (rows.length === 0 && recordings.length === 0) {
    throw new HoldpointError('ERR_QUERY_REFUSED', `session "${session}" is not on record. See "approvals sessions".`);
  }
  parts.write(
    `${printTable(
      ['TIME (UTC)', 'COMMAND', 'REQUEST', 'DECISION', 'BY', 'RESULT'],
      rows.map((row) => [
        row.time.slice(0, 19),
        row.command || '-',
        requestOf(row),
        decisionOf(row),
        deciderOf(row),
        String(row.code),
      ]),
    )}\n`,
  );
  for (const recording of recordings) await play(recording, options.speed, parts);
}

function requestOf(row: TimelineRow): string {
  const { verb, resource, subresource, namespace, name } = row;
  return [
    verb,
    name === '' ? resource : `${resource}/${name}`,
    ...(subresource === '' ? [] : [subresource]),
    ...(namespace === '' ? [] : ['-n', namespace]),
  ].join(' ');
}

function decisionOf({ decision, rule, hold }: TimelineRow): string {
  return [decision, rule, hold].filter((part) => part !== '').join(' ') || '-';
}

function deciderOf({ decided_by, verdict, reason }: TimelineRow): string {
  if (decided_by === '') return '-';
  const words = verdict === 'deny' ? `denied by ${decided_by}` : decided_by;
  return reason === '' ? words : `${words}: ${reason}`;
}

async function play(recording: TerminalRecording, speed: number, { write, sleep }: ReplayParts): Promise<void> {
  const { startedAt, namespace, pod, command, frames } = recording;
  // The command is the agent's own text, the frames are what it chose to print: neither may act on an auditor's terminal.
  const title = toPrintable(`${recording.id}: ${namespace}/${pod} $ ${command.join(' ')} (${startedAt.slice(0, 19)})`);
  write(`\n── terminal ${title}\n`);
  const filter = createTerminalFilter();
  let last = 0;
  for (const [seconds, code, text] of frames) {
    if (speed > 0) await sleep(Math.min(longestPauseMs, ((seconds - last) * 1_000) / speed));
    last = seconds;
    // What was typed is echoed by the terminal itself, where it was meant to be seen.
    if (code === 'o') write(filter(text));
  }
  write('\n── end of terminal\n');
}

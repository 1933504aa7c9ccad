import { HoldpointError } from '@holdpoint/core';
import type { Style } from '../output/style.ts';
import { toPrintable } from '../output/table.ts';
import { printRecordingCast, printSessionCast } from './asciicast.ts';
import { printSessionJson } from './session-json.ts';
import { framesOf, recordingsOf, type TerminalRecording } from './recordings.ts';
import type { SqlClient } from './sql-client.ts';
import { createTerminalFilter } from './terminal-filter.ts';
import { terminalText } from './terminal-text.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { followSession, tellSession } from './told-session.ts';

export const replayFormats = ['text', 'json', 'asciicast', 'html'] as const;

export interface ReplayOptions {
  format: Exclude<(typeof replayFormats)[number], 'html'>;
  follow: boolean;
  /** Plays this terminal alone. */
  recording?: string;
  /** How much faster than it was. 0: at once. */
  speed: number;
  /** Whole changes and terminals, however long. */
  full: boolean;
}

export interface ReplayParts {
  sql: SqlClient;
  style: Style;
  columns: number | undefined;
  /** Resolves when there is room for more. */
  write: (text: string) => Promise<void>;
  sleep: (ms: number) => Promise<void>;
  /** Ends following. */
  signal: AbortSignal;
}

/** A pause longer than this tells a viewer nothing more. */
const longestPauseMs = 2_000;
/** The sink stores twice a second. */
const followMs = 1_000;
const shortLines = 40;

/**
 * Tells a session, or plays one of its terminals.
 *
 * @throws HoldpointError ERR_QUERY_REFUSED when nothing of it is on record
 */
export async function replaySession(session: string, options: ReplayOptions, parts: ReplayParts): Promise<void> {
  if (options.recording !== undefined) return await replayRecording(session, options.recording, options, parts);
  const { sql, write } = parts;
  switch (options.format) {
    case 'json':
      for await (const text of printSessionJson(session, sql)) await write(text);
      return;
    case 'asciicast':
      for await (const text of printSessionCast(session, sql)) await write(text);
      return;
    case 'text': {
      const timeline = timelineOf(session, options, parts);
      let title = `${toPrintable(`Session ${session}`)}\n\n`;
      for await (const told of toldOf(session, options, parts)) {
        await write(`${title}${await timeline.print(told)}`);
        title = '';
      }
    }
  }
}

function toldOf(session: string, { follow }: ReplayOptions, { sql, sleep, signal }: ReplayParts) {
  if (!follow) return tellSession(sql, session);
  return followSession(session, { sql, signal, wait: () => sleep(followMs) });
}

function timelineOf(session: string, { full }: ReplayOptions, { sql, style, columns }: ReplayParts): Timeline {
  const mostLines = full ? Infinity : shortLines;
  return createTimeline({
    style,
    columns,
    session,
    mostLines,
    textOf: ({ id }) => terminalText(framesOf(sql, session, id), mostLines),
  });
}

async function replayRecording(
  session: string,
  id: string,
  { format, speed }: ReplayOptions,
  parts: ReplayParts,
): Promise<void> {
  const recording = (await recordingsOf(parts.sql, session)).find((each) => each.id === id);
  if (recording === undefined) {
    throw new HoldpointError(
      'ERR_QUERY_REFUSED',
      `session "${session}" has no recording "${id}" on record. "approvals replay ${session}" names those it has.`,
    );
  }
  if (format === 'asciicast') {
    for await (const text of printRecordingCast(session, recording, parts.sql)) await parts.write(text);
    return;
  }
  if (format !== 'text') {
    throw new HoldpointError('ERR_CONFIG_INVALID', '--recording: a recording is played, or printed with -o asciicast');
  }
  await play(session, recording, speed, parts);
}

async function play(
  session: string,
  recording: TerminalRecording,
  speed: number,
  { sql, write, sleep, columns }: ReplayParts,
): Promise<void> {
  const { id, startedAt, namespace, pod, command } = recording;
  // The command is the agent's own text, the frames are what it chose to print: neither may act on an auditor's terminal.
  const title = toPrintable(`${id}: ${namespace}/${pod} $ ${command.join(' ')} (${startedAt.slice(0, 19)})`);
  await write(`── terminal ${title}\n`);
  const filter = createTerminalFilter();
  let last = 0;
  for await (const [seconds, code, text] of framesOf(sql, session, id)) {
    if (speed > 0) await sleep(Math.min(longestPauseMs, Math.max(0, (seconds - last) * 1_000) / speed));
    last = seconds;
    // What was typed is echoed by the terminal itself, where it was meant to be seen.
    if (code === 'o') await write(filter(text));
  }
  // Colours, a hidden cursor, another character set: left behind by what was played.
  const reset = columns === undefined ? '' : '\u001b[0m\u001b[?25h\u001b(B';
  await write(`${reset}\n── end of terminal\n`);
}

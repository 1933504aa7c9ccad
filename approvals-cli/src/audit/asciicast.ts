import { storeTimeMs } from '@holdpoint/core';
import { createStyle } from '../output/style.ts';
import { toPrintable } from '../output/table.ts';
import { framesOf, recordingsOf, type TerminalRecording } from './recordings.ts';
import type { SqlClient } from './sql-client.ts';
import { createTerminalFilter } from './terminal-filter.ts';
import { createTimeline } from './timeline.ts';
import { tellSession, type Told } from './told-session.ts';

/** Of a terminal that told no size. */
const usualSize = { width: 80, height: 24 };
const sessionSize = { width: 120, height: 36 };
/** A person's pause of an hour is not watched. */
const idleSeconds = 2;
const mostLines = 40;

/**
 * One terminal as asciicast v2: a header and an event a line. What would act on the terminal that plays it is taken out,
 * as where we play it ourselves. Source: docs.asciinema.org, asciicast v2.
 */
export async function* printRecordingCast(
  session: string,
  recording: TerminalRecording,
  sql: SqlClient,
): AsyncGenerator<string> {
  yield `${JSON.stringify(headerOf(recording))}\n`;
  const filter = createTerminalFilter();
  for await (const [seconds, code, text] of framesOf(sql, session, recording.id)) {
    // Version 2 has no exit codes; every player shows a marker, or nothing.
    if (code === 'x') yield `${JSON.stringify([seconds, 'm', `exit code ${text}`])}\n`;
    else yield `${JSON.stringify([seconds, code, code === 'o' ? filter(text) : text])}\n`;
  }
}

function headerOf({ width, height, startedAt, command, namespace, pod }: TerminalRecording): object {
  return {
    version: 2,
    width: width === 0 ? usualSize.width : width,
    height: height === 0 ? usualSize.height : height,
    timestamp: Math.floor(storeTimeMs(startedAt) / 1_000),
    command: toPrintable(command.join(' ')),
    title: toPrintable(`${namespace}/${pod}`),
  };
}

/** A whole session as one cast: its timeline as it went on, and its terminals where they were opened. */
export async function* printSessionCast(session: string, sql: SqlClient): AsyncGenerator<string> {
  const terminals = await recordingsOf(sql, session);
  const width = Math.max(sessionSize.width, ...terminals.map((each) => each.width));
  const height = Math.max(sessionSize.height, ...terminals.map((each) => each.height));
  const timeline = createTimeline({
    style: createStyle(true),
    columns: width,
    session,
    mostLines,
    textOf: () => Promise.resolve({ lines: [], cut: false }), // Played instead.
  });
  let startMs: number | undefined;
  let last = 0;
  const event = (atMs: number, text: string): string => {
    // Commands overlap, a cast does not: what began before the last thing shown is shown right behind it.
    last = Math.max(last, (atMs - (startMs ?? atMs)) / 1_000);
    return `${JSON.stringify([Number(last.toFixed(3)), 'o', text])}\n`;
  };
  for await (const told of tellSession(sql, session)) {
    const beganMs = storeTimeMs(told.type === 'Group' ? told.group.startedAt : told.terminal.startedAt);
    if (startMs === undefined) {
      startMs = beganMs;
      const timestamp = Math.floor(beganMs / 1_000);
      yield `${JSON.stringify({ version: 2, width, height, timestamp, title: toPrintable(`session ${session}`), idle_time_limit: idleSeconds })}\n`;
    }
    yield event(beganMs, (await timeline.print(told)).replaceAll('\n', '\r\n'));
    for (const terminal of terminalsIn(told)) {
      const filter = createTerminalFilter();
      const openedMs = storeTimeMs(terminal.startedAt);
      for await (const [seconds, code, text] of framesOf(sql, session, terminal.id)) {
        if (code === 'o') yield event(openedMs + seconds * 1_000, filter(text));
      }
      yield event(0, '\u001b[0m\u001b[?25h\u001b(B\r\n');
    }
  }
}

function terminalsIn(told: Told): TerminalRecording[] {
  return told.type === 'Terminal' ? [told.terminal] : told.group.steps.flatMap(({ terminals }) => terminals);
}

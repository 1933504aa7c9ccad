import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { printSessionPage } from '../audit/page/session-page.ts';
import { replaySession, type replayFormats } from '../audit/replay.ts';
import { createStyle } from '../output/style.ts';
import { auditorSql, type AuditorOptions } from './auditor.ts';
import type { AuditorContext } from './context.ts';

export interface ReplayFlags extends AuditorOptions {
  follow: boolean;
  recording?: string;
  speed: number;
  wait: boolean;
  full: boolean;
  output: (typeof replayFormats)[number];
  file?: string;
}

/** A session, or one of its terminals, to standard output or into a file. */
export async function replay(
  context: AuditorContext,
  session: string,
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<void> {
  const { follow, recording, output, file } = flags;
  if (follow && (output !== 'text' || recording !== undefined || file !== undefined)) {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      '--follow: a session is followed as text, as a whole, and on screen',
    );
  }
  if (recording !== undefined && (output === 'json' || output === 'html')) {
    throw new HoldpointError('ERR_CONFIG_INVALID', '--recording: a recording is played, or printed with -o asciicast');
  }
  if (file === undefined) {
    await tell(context, session, flags, signal, context.writeAll);
    return;
  }
  await intoFile(file, (write) => tell({ ...context, style: createStyle(false) }, session, flags, signal, write));
}

async function tell(
  context: Pick<AuditorContext, 'style' | 'columns' | 'bearerToken'>,
  session: string,
  flags: ReplayFlags,
  signal: AbortSignal,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const sql = auditorSql(flags, context);
  const { follow, recording, wait, speed, full, output, file } = flags;
  if (output === 'html') {
    for await (const text of printSessionPage(session, sql)) await write(text);
    return;
  }
  await replaySession(
    session,
    {
      ...{ format: output, follow, full },
      speed: wait && file === undefined ? speed : 0,
      ...(recording === undefined ? {} : { recording }),
    },
    {
      sql,
      write,
      style: context.style,
      columns: file === undefined ? context.columns : undefined,
      // Ended by the signal: what it waits for is then looked at no more.
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      signal,
    },
  );
}

/** The file is whole, or is not there: what fails half-way leaves nothing that passes for a session. */
async function intoFile(file: string, fill: (write: (text: string) => Promise<void>) => Promise<void>): Promise<void> {
  const unfinished = `${file}.unfinished`;
  let handle: FileHandle;
  try {
    // A session is an auditor's to read, and nobody else's on this machine: nor is it written where a link of theirs leads.
    await rm(unfinished, { force: true });
    handle = await open(unfinished, 'wx', 0o600);
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--file ${file}: ${messageOf(cause)}`, { cause });
  }
  try {
    await fill(async (text) => void (await handle.write(text)));
    await handle.close();
    await rename(unfinished, file);
  } catch (error) {
    // It is thrown away; what went wrong before is what is told.
    await handle.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

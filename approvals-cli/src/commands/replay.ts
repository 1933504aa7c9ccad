import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError } from '@holdpoint/core';
import { replaySession, type replayFormats } from '../audit/replay.ts';
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

export async function replay(
  context: AuditorContext,
  session: string,
  flags: ReplayFlags,
  signal: AbortSignal,
): Promise<void> {
  const { follow, recording, wait, speed, full, output } = flags;
  if (output === 'html') throw new HoldpointError('ERR_CONFIG_INVALID', 'not yet');
  if (follow && (output !== 'text' || recording !== undefined)) {
    throw new HoldpointError('ERR_CONFIG_INVALID', '--follow: a session is followed as text, and as a whole');
  }
  await replaySession(
    session,
    { format: output, follow, full, speed: wait ? speed : 0, ...(recording === undefined ? {} : { recording }) },
    {
      sql: auditorSql(flags, context),
      style: context.style,
      columns: context.columns,
      write: context.writeAll,
      // Ended by the signal: what it waits for is then looked at no more.
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      signal,
    },
  );
}

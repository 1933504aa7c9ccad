import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import type { LogReader } from './log-reader.ts';

/** Follows a log for as long as the process lives. */
export interface LogTail {
  /** Resolves when nothing is read any more. */
  close(): Promise<void>;
}

/** Well within the five seconds in which an event should be there to be asked for. */
const pollMs = 500;
/** After a failure: a disk that is full, a file that cannot be read. */
const retryMs = 1_000;

export function followLog(reader: LogReader, logger: Logger): LogTail {
  const ending = new AbortController();
  const pause = (ms: number): Promise<unknown> =>
    sleep(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  const run = async (): Promise<void> => {
    let lastFailure = '';
    while (!ending.signal.aborted) {
      try {
        if (!(await reader.step())) await pause(pollMs);
        lastFailure = '';
      } catch (error) {
        // Said once, not at every try.
        if (messageOf(error) !== lastFailure) logger.error({ err: error }, 'audit log not taken');
        lastFailure = messageOf(error);
        await pause(retryMs);
      }
    }
    await reader.close();
  };
  const running = run();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}

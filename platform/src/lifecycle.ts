import { HoldpointError } from '@holdpoint/core';
import type { Logger } from './logger.ts';

/**
 * Whatever escapes every other handler ends the process with 1, told in one line where it is an error of ours: a service in
 * an unknown state must not go on deciding. Call first in main.ts, so that a wrong flag is told that way too.
 */
export function exitOnFatal(service: string): void {
  const exit = (error: unknown): void => {
    const text =
      error instanceof HoldpointError
        ? `${error.code}: ${error.message}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${service}: ${text}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', exit);
  process.on('unhandledRejection', exit);
}

/**
 * Runs a service until SIGTERM or SIGINT, then closes it and exits 0. A second signal ends it at once, with 1: whoever sends
 * it does not want to wait for what is under way.
 */
export function runUntilSignal(logger: Logger, close: () => Promise<void>): void {
  let closing = false;
  const stop = (signal: string): void => {
    if (closing) {
      logger.warn({ signal }, 'service ended at once');
      process.exit(1);
    }
    closing = true;
    logger.info({ signal }, 'service stopping');
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'service did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

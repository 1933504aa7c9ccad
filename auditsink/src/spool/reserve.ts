import { existsSync, rmSync } from 'node:fs';
import type { Logger } from '@holdpoint/platform';
import { isNoSpace } from './no-space.ts';
import { writeWhole } from './whole-file.ts';

/** Many times a plan and a position. */
const reserveBytes = 4 * 1024 * 1024;

/**
 * Room held back for the files that empty the spool. On a disk that the spool itself has filled, the plan of the next batch
 * would not fit, nothing would be loaded, and the disk would stay full for ever.
 */
export interface Reserve {
  /** Runs a write; where there is no space for it, once more in the room that was held back. */
  within(write: () => void): void;
  /** Holds room back again, if there is some. */
  restore(): void;
}

export function createReserve(file: string, logger: Logger): Reserve {
  const restore = (): void => {
    if (existsSync(file)) return;
    try {
      // Text, not a hole: a sparse file holds nothing back.
      writeWhole(file, 'x'.repeat(reserveBytes));
    } catch (error) {
      rmSync(`${file}.partial`, { force: true });
      logger.warn({ err: error }, 'no room can be held back');
    }
  };
  restore();
  return {
    restore,
    within(write) {
      try {
        write();
      } catch (error) {
        if (!isNoSpace(error) || !existsSync(file)) throw error;
        logger.warn({ file }, 'disk is full and the room held back is used');
        rmSync(file);
        write();
      }
    },
  };
}

import type { ChainedTable } from '@holdpoint/core';
import type { Spool } from '../spool/spool.ts';
import { toPayload } from '../spool/spooled.ts';

/** Gathers lines into records of the spool. */
export interface RowBatch {
  add(line: string): void;
  isFull(): boolean;
  /** Characters, which nearly always are bytes. */
  heldBytes(): number;
  /**
   * Resolves when what was added is on disk, with the count of its lines. What could not be kept is forgotten: whoever
   * sent it sends it again.
   */
  flush(): Promise<number>;
}

/** A record of the spool: some four hundred events. Larger ones would be held in memory for longer, and gain nothing. */
const recordBytes = 1024 * 1024;

export function createRowBatch(spool: Spool, table: ChainedTable): RowBatch {
  let lines: string[] = [];
  let length = 0;
  return {
    add(line) {
      lines.push(line);
      length += line.length;
    },
    isFull: () => length >= recordBytes,
    heldBytes: () => length,
    async flush() {
      const taken = lines;
      lines = [];
      length = 0;
      if (taken.length > 0) await spool.append(toPayload({ table, lines: taken }));
      return taken.length;
    },
  };
}

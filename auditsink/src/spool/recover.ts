import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { HoldpointError } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { headBytes, readRecord } from './record.ts';

/**
 * Makes the last segment whole again after a crash. A torn tail was never acknowledged (the fsync had not returned), so it
 * is cut off; its bytes are kept beside it all the same. Returns the segment's length.
 *
 * @throws HoldpointError ERR_SPOOL_CORRUPT when a whole record follows the broken one: that is damage, not a crash
 */
export function recoverSegment(file: string, logger: Logger): number {
  const segment = readFileSync(file);
  let offset = 0;
  for (;;) {
    const read = readRecord(segment, offset);
    if (read.type === 'End') return offset;
    if (read.type === 'Record') {
      offset = read.end;
      continue;
    }
    if (wholeRecordAfter(segment, offset)) {
      throw new HoldpointError(
        'ERR_SPOOL_CORRUPT',
        `${file}: the record at byte ${String(offset)} is damaged (${read.reason}), and whole ones follow it. ` +
          'Keep the file, restore it from a backup or move it aside, and start again.',
        { details: { file, offset } },
      );
    }
    const kept = `${file}.corrupt-at-${String(offset)}`;
    writeFileSync(kept, segment.subarray(offset));
    const handle = openSync(file, 'r+');
    ftruncateSync(handle, offset);
    fsyncSync(handle);
    closeSync(handle);
    logger.warn({ file, offset, bytes: segment.length - offset, kept, reason: read.reason }, 'torn spool tail cut off');
    return offset;
  }
}

/** Looks for a record that starts anywhere after the broken one. An empty record proves nothing, and is passed over. */
function wholeRecordAfter(segment: Buffer, broken: number): boolean {
  for (let at = broken + 1; at + headBytes < segment.length; at += 1) {
    const length = segment.readUInt32BE(at);
    if (length === 0 || at + headBytes + length > segment.length) continue;
    if (readRecord(segment, at).type === 'Record') return true;
  }
  return false;
}

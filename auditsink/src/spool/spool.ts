import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { isNoSpace } from './no-space.ts';
import { frameRecord, headBytes, maxRecordBytes, readRecord } from './record.ts';
import { recoverSegment } from './recover.ts';
import { reached } from './steps.ts';
import { openForAppend, readRange, sizeOf, writeAll, type SegmentFile } from './segment-file.ts';

/** A place in the spool. */
export interface SpoolPosition {
  segment: number;
  offset: number;
}

/** Negative when `a` lies before `b`, 0 when they are one place. */
export function comparePositions(a: SpoolPosition, b: SpoolPosition): number {
  return a.segment - b.segment || a.offset - b.offset;
}

/** Records read from the spool, and where the next ones begin. */
export interface SpoolBatch {
  payloads: Buffer[];
  end: SpoolPosition;
}

/**
 * What was acknowledged and is not yet in the store, on disk. Records go into numbered segment files; many appends share
 * one fsync (group commit), and none resolves before it.
 */
export interface Spool {
  /**
   * Resolves when the record is on disk.
   *
   * @throws HoldpointError ERR_SPOOL_FULL when there is no room: nothing was kept, ask again later
   */
  append(payload: Buffer): Promise<void>;
  /** Reads on from `from`, at most `maxRecords` records of one segment; undefined when there are none. */
  read(from: SpoolPosition, maxRecords: number): Promise<SpoolBatch | undefined>;
  /** Removes the segments that lie wholly before `position`. */
  forgetBefore(position: SpoolPosition): void;
  /** Bytes on disk. */
  size(): number;
  /** Those of them that lie behind `position`. */
  sizeAfter(position: SpoolPosition): number;
  /** Where the next record will begin. */
  end(): SpoolPosition;
  close(): Promise<void>;
}

export interface SpoolOptions {
  folder: string;
  /** Past this, appends are refused: the disk belongs to others too. */
  maxBytes: number;
  logger: Logger;
  /** @default 64 MiB, or a quarter of maxBytes */
  maxSegmentBytes?: number;
  /** Past this, appends are refused while others wait for a disk that is slower than they come. @default 256 MiB */
  maxWaitingBytes?: number;
  /** @default the file system's */
  openFile?: (folder: string, file: string) => Promise<SegmentFile>;
}

const defaultSegmentBytes = 64 * 1024 * 1024;
/** One POST may be this long by itself: that one is always let wait. */
const defaultWaitingBytes = 256 * 1024 * 1024;
/** Read at a time: a segment is not read anew for each of its batches. A longer record is read as a whole. */
const readAtATime = 8 * 1024 * 1024;

/** Opens the spool, making the last segment whole if a crash tore it. Throws ERR_SPOOL_CORRUPT when it is damaged. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, maxBytes, logger, openFile = openForAppend } = options;
  const { maxWaitingBytes = defaultWaitingBytes } = options;
  // The segment that is written to is never let go of: it must be the smaller part of what may be in use.
  const maxSegmentBytes = options.maxSegmentBytes ?? Math.min(defaultSegmentBytes, Math.ceil(maxBytes / 4));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (segment: number): string => join(folder, `${String(segment).padStart(12, '0')}.spool`);
  const segments = (): number[] =>
    readdirSync(folder)
      .filter((name) => /^\d{12}\.spool$/.test(name))
      .map((name) => Number(name.slice(0, 12)))
      .sort((a, b) => a - b);

  const existing = segments();
  let current = existing.at(-1) ?? 1;
  let length = existing.length === 0 ? 0 : recoverSegment(fileOf(current), logger);
  let handle = await openFile(folder, fileOf(current));
  let total = segments().reduce((sum, segment) => sum + statSync(fileOf(segment)).size, 0);
  let waiting: { bytes: Buffer; resolve: () => void; reject: (error: unknown) => void }[] = [];
  /** Of what waits, and of the group that is being written. */
  let promisedBytes = 0;
  let isCommitting = false;
  let committed = Promise.resolve();

  /** What was said of it last: a segment may be let go of only when the next one is begun. */
  let loaded: SpoolPosition = { segment: 1, offset: 0 };
  const forget = (): void => {
    for (const segment of segments()) {
      const bytes = sizeOf(fileOf(segment));
      if (segment >= current || comparePositions({ segment, offset: bytes }, loaded) > 0) break;
      rmSync(fileOf(segment));
      total -= bytes;
    }
  };
  const turnOver = async (): Promise<void> => {
    const next = await openFile(folder, fileOf(current + 1));
    // What it could not write was refused to its sender; that it cannot be closed either changes nothing.
    await handle.close().catch(() => undefined);
    handle = next;
    current += 1;
    length = 0;
    forget();
  };
  /** What a group that failed has left to be done. */
  const left = { torn: false, failed: false };
  /**
   * Leaves nothing behind of a group that failed: a shorter one written over it would end in the middle of an old record,
   * which looks like damage at the next start. A file whose fsync has failed is not written to again: its pages count as
   * clean though they never reached the disk. What cannot be done now is done before anything else is written.
   */
  const makeReady = async (): Promise<void> => {
    if (left.torn) {
      await handle.truncate(length);
      // A segment that is closed is not made whole at the next start: what was cut off must stay cut off.
      await handle.datasync();
      left.torn = false;
    }
    if (left.failed || length > maxSegmentBytes) await turnOver();
    left.failed = false;
  };
  /** Begun by whoever appends while none is under way. It ends in the very step in which it finds nothing waiting. */
  const commit = async (): Promise<void> => {
    isCommitting = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      const bytes = Buffer.concat(group.map((each) => each.bytes));
      try {
        await makeReady();
        left.torn = true;
        await writeAll(handle, bytes, length);
        reached('appended');
        left.failed = true;
        await handle.datasync();
        reached('synced');
        Object.assign(left, { torn: false, failed: false });
        length += bytes.length;
        total += bytes.length;
        for (const each of group) each.resolve();
      } catch (cause) {
        // A full disk too: what is loaded of this segment can be let go of once it is not the last one.
        left.failed ||= !isNoSpace(cause) || length > 0;
        await makeReady().catch((error: unknown) => logger.error({ err: error }, 'spool not taken back'));
        const error = isNoSpace(cause) ? spoolFull('the disk is full', cause) : cause;
        for (const each of group) each.reject(error);
      }
      promisedBytes -= bytes.length;
    }
    isCommitting = false;
  };

  return {
    append(payload) {
      const bytes = frameRecord(payload);
      if (total + promisedBytes + bytes.length > maxBytes) {
        return Promise.reject(spoolFull(`${String(total)} of ${String(maxBytes)} bytes are in use`));
      }
      if (promisedBytes > 0 && promisedBytes + bytes.length > maxWaitingBytes) {
        return Promise.reject(spoolFull(`${String(promisedBytes)} bytes wait for the disk already`));
      }
      promisedBytes += bytes.length;
      return new Promise((resolve, reject) => {
        waiting.push({ bytes, resolve, reject });
        if (!isCommitting) committed = commit();
      });
    },
    async read(from, maxRecords) {
      for (let { segment, offset } = from; segment <= current; segment += 1, offset = 0) {
        // What is not acknowledged yet is not read either: it may still be taken back.
        const stop = segment === current ? length : sizeOf(fileOf(segment));
        let bytes = await readRange(fileOf(segment), offset, Math.min(stop, offset + readAtATime));
        const whole = wholeLength(bytes);
        if (whole > bytes.length) bytes = await readRange(fileOf(segment), offset, Math.min(stop, offset + whole));
        const payloads: Buffer[] = [];
        let at = 0;
        while (payloads.length < maxRecords) {
          const read = readRecord(bytes, at);
          if (read.type === 'End' || (read.type === 'Broken' && at > 0)) break; // The next read begins there.
          if (read.type === 'Broken') {
            throw new HoldpointError(
              'ERR_SPOOL_CORRUPT',
              `${fileOf(segment)}: the record at byte ${String(offset)} is damaged (${read.reason})`,
              { details: { file: fileOf(segment), offset } },
            );
          }
          payloads.push(read.payload);
          at = read.end;
        }
        offset += at;
        if (payloads.length > 0) return { payloads, end: { segment, offset } };
      }
      return undefined;
    },
    forgetBefore(position) {
      loaded = position;
      forget();
    },
    size: () => total,
    sizeAfter({ segment, offset }) {
      const behind = segments().filter((each) => each >= segment);
      const bytes = behind.reduce((sum, each) => sum + (each === current ? length : sizeOf(fileOf(each))), 0);
      return Math.max(0, bytes - offset);
    },
    end: () => ({ segment: current, offset: length }),
    async close() {
      await committed;
      await handle.close();
    },
  };
}

/** How long the first record says it is, with its head; 0 when it cannot say, or lies. */
function wholeLength(bytes: Buffer): number {
  if (bytes.length < headBytes) return 0;
  const length = bytes.readUInt32BE(0);
  return length > maxRecordBytes ? 0 : headBytes + length;
}

function spoolFull(why: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_SPOOL_FULL', `the spool takes nothing more: ${why}`, { cause });
}

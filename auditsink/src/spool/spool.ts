import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { frameRecord, readRecord } from './record.ts';
import { recoverSegment } from './recover.ts';

/** A place in the spool. */
export interface SpoolPosition {
  segment: number;
  offset: number;
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
  close(): Promise<void>;
}

export interface SpoolOptions {
  folder: string;
  /** Past this, appends are refused: the disk belongs to others too. */
  maxBytes: number;
  logger: Logger;
}

const maxSegmentBytes = 64 * 1024 * 1024;

/** Opens the spool, making the last segment whole if a crash tore it. Throws ERR_SPOOL_CORRUPT when it is damaged. */
export async function openSpool({ folder, maxBytes, logger }: SpoolOptions): Promise<Spool> {
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
  let handle = await openForAppend(folder, fileOf(current));
  let total = segments().reduce((sum, segment) => sum + statSync(fileOf(segment)).size, 0);
  let waiting: { bytes: Buffer; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let committing: Promise<void> | undefined;

  const commit = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      const bytes = Buffer.concat(group.map((each) => each.bytes));
      try {
        if (length > maxSegmentBytes) {
          await handle.close();
          current += 1;
          handle = await openForAppend(folder, fileOf(current));
          length = 0;
        }
        await writeAll(handle, bytes, length);
        await handle.datasync();
        length += bytes.length;
        total += bytes.length;
        for (const each of group) each.resolve();
      } catch (cause) {
        // Half a group may be on disk: it is overwritten from the same place by the next one, or cut off at the next start.
        const error = isNoSpace(cause) ? spoolFull('the disk is full', cause) : cause;
        for (const each of group) each.reject(error);
      }
    }
  };

  return {
    append(payload) {
      if (total + payload.length > maxBytes) {
        return Promise.reject(spoolFull(`${String(total)} of ${String(maxBytes)} bytes are in use`));
      }
      return new Promise((resolve, reject) => {
        waiting.push({ bytes: frameRecord(payload), resolve, reject });
        committing ??= commit().finally(() => (committing = undefined));
      });
    },
    async read(from, maxRecords) {
      for (let { segment, offset } = from; segment <= current; segment += 1, offset = 0) {
        // What is not acknowledged yet is not read either: it may still be taken back.
        const end = segment === current ? length : undefined;
        const bytes = await readSegment(fileOf(segment), end);
        const payloads: Buffer[] = [];
        while (payloads.length < maxRecords) {
          const read = readRecord(bytes, offset);
          if (read.type === 'Broken') {
            throw new HoldpointError(
              'ERR_SPOOL_CORRUPT',
              `${fileOf(segment)}: the record at byte ${String(offset)} is damaged (${read.reason})`,
              { details: { file: fileOf(segment), offset } },
            );
          }
          if (read.type === 'End') break;
          payloads.push(read.payload);
          offset = read.end;
        }
        if (payloads.length > 0) return { payloads, end: { segment, offset } };
      }
      return undefined;
    },
    forgetBefore(position) {
      for (const segment of segments()) {
        if (segment >= position.segment || segment >= current) break;
        total -= statSync(fileOf(segment)).size;
        rmSync(fileOf(segment));
      }
    },
    size: () => total,
    async close() {
      await committing;
      await handle.close();
    },
  };
}

/** A new file is only there after a crash if its folder's entry is on disk too. */
async function openForAppend(folder: string, file: string): Promise<FileHandle> {
  const handle = await open(file, statExists(file) ? 'r+' : 'w+', 0o600);
  const parent = await open(folder, 'r');
  await parent.sync();
  await parent.close();
  return handle;
}

function statExists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

async function readSegment(file: string, end: number | undefined): Promise<Buffer> {
  if (!statExists(file)) return Buffer.alloc(0);
  const bytes = await readFile(file);
  return end === undefined ? bytes : bytes.subarray(0, end);
}

function isNoSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function spoolFull(why: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_SPOOL_FULL', `the spool takes nothing more: ${why}`, { cause });
}

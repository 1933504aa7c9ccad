import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from '@holdpoint/platform';
import { createLineScanner, type LineScanner, type ScannedLine } from './line-scanner.ts';
import { rotatedFiles } from './log-files.ts';
import { hasHead, headOf, readLogPosition, writeLogPosition, type LogPosition } from './log-position.ts';
import type { RowBatch } from './row-batch.ts';
import type { ScannedItem } from './scanned-item.ts';

/**
 * Reads an API server's audit log: one event a line. It goes on where it was after a restart, and across rotations, by
 * rename and by copying. The place is written down after the lines before it are on disk, so a crash in between takes some
 * lines again, which the store knows by their hash.
 */
export interface LogReader {
  /**
   * Takes what is there, a piece at a time. False when there is nothing more for now. After it was rejected, what is not on
   * disk with us is read again.
   */
  step(): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogReaderParts {
  file: string;
  positionsFolder: string;
  /** A longer line becomes a stub. */
  maxLineBytes: number;
  toLine: (item: ScannedItem) => string;
  batch: RowBatch;
  /** Told after lines that are on disk. */
  onTaken: (count: number) => void;
  logger: Logger;
}

/** Read at a time, and a record of the spool: as large as the intake's others. */
const readBytes = 1024 * 1024;

/** The file that is being read. */
interface Reading {
  handle: FileHandle;
  inode: number;
  scanner: LineScanner;
  /** Where the scanner began. */
  start: number;
  /** Read so far. */
  offset: number;
  /** Another file stands at the log's path: to this one nothing will be added that is not there at the next look. */
  isLeft: boolean;
}

export function createLogReader(parts: LogReaderParts): LogReader {
  const { file, maxLineBytes, toLine, batch, onTaken, logger } = parts;
  const positionFile = join(
    parts.positionsFolder,
    `${createHash('sha256').update(resolve(file)).digest('hex').slice(0, 32)}.json`,
  );
  const buffer = Buffer.allocUnsafe(readBytes);
  let position = readLogPosition(positionFile);
  let reading: Reading | undefined;

  const begin = (handle: FileHandle, inode: number, start: number): Reading => {
    const head = start === 0 || position === undefined ? { length: 0, sha256: '' } : position.head;
    position = { inode, offset: start, head };
    return { handle, inode, scanner: createLineScanner(maxLineBytes), start, offset: start, isLeft: false };
  };
  const leave = async (): Promise<void> => {
    const left = reading;
    reading = undefined;
    await left?.handle.close();
  };
  /** Opens the first of the files that passes; undefined when none does. */
  const openFirst = async (
    paths: readonly string[],
    isIt: (handle: FileHandle, inode: number, size: number) => Promise<boolean>,
    start: number,
  ): Promise<Reading | undefined> => {
    for (const path of paths) {
      const handle = await openIfThere(path);
      if (handle === undefined) continue;
      let isFound = false;
      try {
        const { ino, size } = await handle.stat();
        isFound = await isIt(handle, ino, size);
        if (isFound) return begin(handle, ino, start);
      } finally {
        if (!isFound) await handle.close();
      }
    }
    return undefined;
  };
  const openAtPosition = async (): Promise<Reading | undefined> => {
    const known = position;
    const anyFile = (): Promise<boolean> => Promise.resolve(true);
    if (known === undefined) return openFirst([file], anyFile, 0);
    const paths = [file, ...(await rotatedFiles(file)).map(({ path }) => path).reverse()];
    const isSame = async (handle: FileHandle, inode: number, size: number): Promise<boolean> =>
      inode === known.inode && size >= known.offset && (known.offset === 0 || (await hasHead(handle, known.head)));
    // Rotated by copying: another inode, the same beginning.
    const isCopy = async (handle: FileHandle, _inode: number, size: number): Promise<boolean> =>
      size >= known.offset && (await hasHead(handle, known.head));
    const found = (await openFirst(paths, isSame, known.offset)) ?? (await openFirst(paths, isCopy, known.offset));
    if (found !== undefined) return found;
    const anew = await openFirst([file], anyFile, 0);
    if (anew !== undefined && known.offset > 0) logger.warn({ file, offset: known.offset }, 'audit log taken anew');
    return anew;
  };
  /** Opens what was written after the file that is wholly read. */
  const openNext = async (done: Reading): Promise<void> => {
    const { mtimeNs } = await done.handle.stat({ bigint: true });
    await leave();
    const later = (await rotatedFiles(file)).filter(({ changedNs }) => changedNs > mtimeNs).map(({ path }) => path);
    const isAnother = (_handle: FileHandle, inode: number): Promise<boolean> => Promise.resolve(inode !== done.inode);
    reading = await openFirst([...later, file], isAnother, 0);
  };

  const take = async (lines: Iterable<ScannedLine>, from: Reading): Promise<void> => {
    let end: number | undefined;
    for (const line of lines) {
      if (line.item !== undefined) batch.add(toLine(line.item));
      end = from.start + line.end;
      if (batch.isFull()) onTaken(await batch.flush());
    }
    if (end === undefined) return;
    onTaken(await batch.flush());
    position = { inode: from.inode, offset: end, head: await headOf(from.handle, end) };
    writeLogPosition(positionFile, position);
  };
  const step = async (): Promise<boolean> => {
    reading ??= await openAtPosition();
    const from = reading;
    if (from === undefined) return false;
    if (await isTruncated(from, position)) {
      logger.info({ file }, 'audit log truncated');
      await leave();
      reading = await openAtPosition();
      return reading !== undefined;
    }
    const { bytesRead } = await from.handle.read(buffer, 0, readBytes, from.offset);
    if (bytesRead > 0) {
      from.offset += bytesRead;
      // Copied where a line is not whole yet: the buffer is read into again.
      await take(from.scanner.scan(Buffer.from(buffer.subarray(0, bytesRead))), from);
      return true;
    }
    const current = await stat(file).catch(() => undefined);
    // Renamed, and nothing new there yet: the API server still writes to this one.
    if (current === undefined || current.ino === from.inode) return false;
    if (!from.isLeft) {
      from.isLeft = true;
      return true;
    }
    const rest = from.scanner.rest();
    if (rest !== undefined) await take([rest], from);
    await openNext(from);
    return true;
  };
  return {
    async step() {
      try {
        return await step();
      } catch (error) {
        await leave();
        throw error;
      }
    },
    close: leave,
  };
}

/** True when the file that is being read was emptied, however much was written to it since. */
async function isTruncated(reading: Reading, position: LogPosition | undefined): Promise<boolean> {
  const { size } = await reading.handle.stat();
  if (size < reading.offset) return true;
  return position !== undefined && position.offset > 0 && !(await hasHead(reading.handle, position.head));
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

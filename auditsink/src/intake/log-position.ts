import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * How far a log was taken. An inode is given to another file once its own is gone, and a truncated file keeps it: so the
 * file is known by its first bytes, too.
 */
export interface LogPosition {
  inode: number;
  /** Behind the last line that is on disk with us. */
  offset: number;
  head: LogHead;
}

export interface LogHead {
  /** At most `offset`: what stands behind may be a half-written line. */
  length: number;
  /** Lower-case hex. */
  sha256: string;
}

/** An event's audit id stands within these. */
const maxHeadBytes = 1_024;

/** Undefined when there is none that can be read: the log begins anew, and what is stored already is known by its hash. */
export function readLogPosition(file: string): LogPosition | undefined {
  try {
    const { inode, offset, head } = JSON.parse(readFileSync(file, 'utf8')) as Partial<LogPosition>;
    const isWhole = typeof inode === 'number' && typeof offset === 'number';
    return isWhole && typeof head?.length === 'number' && typeof head.sha256 === 'string'
      ? { inode, offset, head }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole and puts it on disk: a crash leaves the old one or the new one. */
export function writeLogPosition(file: string, position: LogPosition): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.partial`;
  const handle = openSync(partial, 'w', 0o600);
  writeSync(handle, JSON.stringify(position));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(partial, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** The head of a file of which `offset` bytes are taken. */
export async function headOf(handle: FileHandle, offset: number): Promise<LogHead> {
  const length = Math.min(offset, maxHeadBytes);
  return { length, sha256: await hashOfHead(handle, length) };
}

/** True when the file begins as the one did whose head this is. A head of nothing is no file's. */
export async function hasHead(handle: FileHandle, head: LogHead): Promise<boolean> {
  return head.length > 0 && (await hashOfHead(handle, head.length)) === head.sha256;
}

async function hashOfHead(handle: FileHandle, length: number): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
}

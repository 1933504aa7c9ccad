import { statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** What the spool writes through. */
export type SegmentFile = Pick<FileHandle, 'write' | 'datasync' | 'truncate' | 'close'>;

/** A new file is only there after a crash if its folder's entry is on disk too. */
export async function openForAppend(folder: string, file: string): Promise<FileHandle> {
  const handle = await open(file, statExists(file) ? 'r+' : 'w+', 0o600);
  try {
    const parent = await open(folder, 'r');
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function statExists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** A write may take less than it was given. */
export async function writeAll(handle: SegmentFile, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

/** 0 for a file that is not there. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Reads the bytes from `from` up to `to`, or what there is of them. */
export async function readRange(file: string, from: number, to: number): Promise<Buffer> {
  if (from >= to) return Buffer.alloc(0);
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

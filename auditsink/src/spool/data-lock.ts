import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HoldpointError } from '@holdpoint/core';

export interface DataLock {
  release(): void;
}

/**
 * Takes a data folder for this process alone. Two sinks on one spool would acknowledge into each other's files. The lock is
 * the operating system's, on a file that SQLite holds for us (Node has no lock of its own): it goes with the process,
 * however that ends, so there is never a stale one to be removed.
 *
 * @throws HoldpointError ERR_DATA_DIR_IN_USE naming the folder and who has it
 */
export function lockDataDir(folder: string): DataLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new HoldpointError(
      'ERR_DATA_DIR_IN_USE',
      `${folder} is in use by ${holderOf(folder)}; give each audit sink a data folder of its own`,
      { cause, details: { folder } },
    );
  }
  // For the message of whoever comes second. It says nothing by itself: the lock does.
  writeFileSync(holderFile(folder), `process ${String(process.pid)} on ${hostname()}`, { mode: 0o600 });
  return { release: () => database.close() };
}

function holderFile(folder: string): string {
  return join(folder, 'lock.holder');
}

function holderOf(folder: string): string {
  try {
    return readFileSync(holderFile(folder), 'utf8');
  } catch {
    return 'another process';
  }
}

/** SQLITE_BUSY. */
function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5;
}

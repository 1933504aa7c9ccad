import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 500;
/** Between creating a lock and writing its holder's number lies no more than a moment. */
const unwrittenMs = 5_000;

/**
 * Runs `work` while holding a lock file, so that two processes do not build the same thing at once. A lock whose holder
 * is gone is taken over. (Two that take it over in the same instant both work; what they make appears by renaming, so
 * that costs time and nothing else.)
 *
 * @throws the signal's reason when that is aborted while waiting
 */
export async function withLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let waited = false; !tryLock(file); waited = true) {
    signal.throwIfAborted();
    if (!waited) onWait();
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isHolderAlive(file)) rmSync(file, { force: true });
    return false;
  }
}

function isHolderAlive(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Not written yet: its holder is between creating and writing it, or died there.
    if (pid === 0) return Date.now() - statSync(file).mtimeMs < unwrittenMs;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SpoolPosition } from './spool.ts';

const beginning: SpoolPosition = { segment: 1, offset: 0 };

/** How far the store has taken the spool. Lost, it begins anew: the store knows what it has. */
export function readPosition(file: string): SpoolPosition {
  try {
    const position = JSON.parse(readFileSync(file, 'utf8')) as Partial<SpoolPosition>;
    const { segment, offset } = position;
    return typeof segment === 'number' && typeof offset === 'number' ? { segment, offset } : beginning;
  } catch {
    return beginning;
  }
}

/** Replaces the file as a whole: a crash leaves the old one or the new one. */
export function writePosition(file: string, position: SpoolPosition): void {
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

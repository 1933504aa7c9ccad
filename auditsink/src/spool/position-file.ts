import { readFileSync } from 'node:fs';
import type { SpoolPosition } from './spool.ts';
import { writeWhole } from './whole-file.ts';

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

export function writePosition(file: string, position: SpoolPosition): void {
  writeWhole(file, JSON.stringify(position));
}

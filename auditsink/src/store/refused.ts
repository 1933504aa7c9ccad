import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, type ChainedTable } from '@holdpoint/core';
import { identityOf } from '../spool/spooled.ts';
import { writeWhole } from '../spool/whole-file.ts';
import { isContentRefusal, type AuditStore } from './audit-store.ts';

/** The engine quotes much of what it cannot read. */
const maxReasonLength = 300;

/**
 * Finds the lines that the store does not take for what they say, by halving, and without storing any: by their number, with
 * the store's reason. Rejects when the store cannot be asked.
 */
export async function findRefused(
  store: AuditStore,
  table: ChainedTable,
  lines: readonly string[],
  offset = 0,
): Promise<Map<number, string>> {
  try {
    await store.tryParse(table, lines);
    return new Map();
  } catch (error) {
    if (!isContentRefusal(error)) throw error;
    if (lines.length === 1) return new Map([[offset, messageOf(error).slice(0, maxReasonLength)]]);
  }
  const half = Math.ceil(lines.length / 2);
  const before = await findRefused(store, table, lines.slice(0, half), offset);
  const after = await findRefused(store, table, lines.slice(half), offset + half);
  return new Map([...before, ...after]);
}

/** Keeps the original of a line that only a stub stands for in the store. On disk when this returns. */
export function keepRefused(folder: string, table: ChainedTable, line: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${table}-${identityOf(line).hash}.json`);
  writeWhole(file, `${line}\n`);
  return file;
}

import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { writeWhole } from '../spool/whole-file.ts';
import type { Plan } from './plan.ts';

/** Of the file's form. */
const version = 1;

/**
 * The last plan that was made; undefined when there was none.
 *
 * @throws HoldpointError ERR_SPOOL_CORRUPT when there is one that cannot be read: what it did is not known
 */
export function readPlan(file: string): Plan | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { version: found, ...plan } = JSON.parse(text) as Plan & { version: number };
    if (found !== version) throw new Error(`version ${String(found)}`);
    return plan;
  } catch (cause) {
    throw new HoldpointError(
      'ERR_SPOOL_CORRUPT',
      `${file}: the plan cannot be read: ${messageOf(cause)}. Move it aside to have the spool loaded by its hashes alone.`,
      { cause, details: { file } },
    );
  }
}

/** On disk when this returns. */
export function writePlan(file: string, plan: Plan): void {
  writeWhole(file, JSON.stringify({ version, ...plan }));
}

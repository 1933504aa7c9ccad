import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import { writeWhole } from '../spool/whole-file.ts';

/**
 * Whose chain a sink writes: the name it was given, or one that was made up for its data folder and is kept there. Two sinks
 * of one name in one store would write over each other's places.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID for a name that is none
 */
export function sinkName(dataDir: string, given: string): string {
  if (given !== '') {
    if (/^[a-z0-9][a-z0-9.-]{0,62}$/.test(given)) return given;
    throw new HoldpointError('ERR_CONFIG_INVALID', `--sink-name: "${given}" is not 1 to 63 of a-z, 0-9, . and -`);
  }
  const file = join(dataDir, 'sink-id');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = `sink-${randomBytes(8).toString('hex')}`;
  writeWhole(file, `${made}\n`);
  return made;
}

/**
 * `npm run bench:masking`: what the proxy's masking of lists costs, in process. The figures of the last run: docs/performance.md.
 */
import { availableParallelism } from 'node:os';
import { parseFlags } from '@holdpoint/platform';
import { measureMasking, type MaskingResult } from './masking/measure.ts';
import { listKinds } from './masking/secret-lists.ts';
import { fixed, tableOf } from './table.ts';

const flags = parseFlags(process.argv.slice(2), {
  lists: { description: 'only those whose name has this in it', default: '' },
  seconds: { description: 'of measuring each list, the first time and again', default: '3' },
});
const kinds = listKinds.filter(({ name }) => name.includes(flags.lists));
if (kinds.length === 0) throw new Error(`--lists: none of ${listKinds.map(({ name }) => name).join('; ')}`);

const results = kinds.map((kind) => {
  process.stderr.write(`… ${kind.name}\n`);
  return measureMasking(kind, Number(flags.seconds));
});
const table = tableOf<MaskingResult>(
  [
    ['list', ({ name }) => name],
    ['bytes', ({ listBytes }) => String(listBytes)],
    ['first time, CPU ms', ({ firstCpuMs }) => fixed(firstCpuMs, 2)],
    ['again, CPU ms', ({ againCpuMs }) => fixed(againCpuMs, 2)],
  ],
  results,
);
process.stdout.write(`${String(availableParallelism())} cores, Node ${process.version}\n\n${table}\n`);

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HoldpointError } from '@holdpoint/core';
import { createNarrator } from './narrator.ts';
import { keepUp } from './start/keep-up.ts';
import { tour } from './tour/run.ts';

const usage = `usage: npm start [-- --dir D]   the whole system on this machine, until Ctrl-C
       npm run tour            the guided scenario`;

/** npm runs us in our own folder; what the user typed is relative to where they stood. */
const startedIn = process.env['INIT_CWD'] ?? process.cwd();
const narrator = createNarrator(process.stdout, process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined);

try {
  const { values, positionals } = parseArgs({
    options: { dir: { type: 'string' } },
    allowPositionals: true,
    strict: true,
  });
  switch (positionals[0]) {
    case 'start':
      process.exitCode = await keepUp({ folder: resolve(startedIn, values.dir ?? '.holdpoint'), narrator });
      break;
    case 'tour':
      process.exitCode = await tour(narrator);
      break;
    default:
      throw new HoldpointError('ERR_CONFIG_INVALID', usage);
  }
} catch (error) {
  process.stderr.write(`${error instanceof HoldpointError ? `${error.code}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
}

import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { parseFlags } from '@holdpoint/platform';
import { everyByteHasOneReading, everySpellingIsReadAlike } from './properties.ts';

/** Runs both properties for as long as wanted; ends with 1, and the bytes that broke it, when one does not hold. */
const flags = parseFlags(process.argv.slice(2), {
  seconds: { description: 'how long', default: '60' },
  seed: { description: 'of the random bytes; empty: another each time', default: '' },
});
const interruptAfterTimeLimit = (Number(flags.seconds) * 1_000) / 2;
const seed = flags.seed === '' ? randomInt(2 ** 31) : Number(flags.seed);
process.stdout.write(`seed ${String(seed)}\n`);
const parameters = { seed, interruptAfterTimeLimit, numRuns: Number.MAX_SAFE_INTEGER };
for (const [name, property] of Object.entries({ everyByteHasOneReading, everySpellingIsReadAlike })) {
  const details = await fc.check(property as fc.IAsyncProperty<unknown>, parameters);
  const failure = details.failed && !(details.interrupted && details.counterexample === null);
  process.stdout.write(`${name}: ${String(details.numRuns)} runs${failure ? ', FAILED' : ''}\n`);
  if (failure) {
    const cause = details.errorInstance instanceof Error ? details.errorInstance.message : '';
    process.stdout.write(`${cause}\n${fc.defaultReportMessage(details) ?? ''}\n`);
    process.exitCode = 1;
  }
}

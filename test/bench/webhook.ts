/**
 * `npm run bench:webhook`: what the webhook costs. How it is measured, and the figures of the last run: docs/performance.md.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseFlags } from '@holdpoint/platform';
import { measureJudging } from './judging/judging.ts';
import { startBenchStack } from './load/bench-stack.ts';
import { measureCalls } from './load/calls.ts';
import { summarise } from './load/summary.ts';
import { reportOf } from './report.ts';

const flags = parseFlags(process.argv.slice(2), {
  rounds: { description: 'rounds of real API calls', default: '10' },
  seconds: { description: 'of each arm in each round', default: '1' },
  'judging-seconds': { description: 'of each situation judged in process', default: '3' },
  seed: { description: 'of the order of the arms', default: '1' },
  json: { description: 'file to write the figures to as well; empty: none', default: '' },
});
const say = (text: string): void => void process.stderr.write(`… ${text}\n`);

say('judging in process');
const judging = await measureJudging(Number(flags['judging-seconds']));
const bench = await startBenchStack(say);
try {
  const { slots, memory, foreignShare } = await measureCalls({
    bench,
    rounds: Number(flags.rounds),
    secondsPerSlot: Number(flags.seconds),
    seed: Number(flags.seed),
    onProgress: say,
  });
  const machine = { cores: availableParallelism(), node: process.version };
  const report = { machine, flags, judging, ...summarise(slots), memory, foreignShare };
  if (flags.json !== '') writeFileSync(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(`${reportOf(report)}\n`);
} finally {
  await bench.close();
}

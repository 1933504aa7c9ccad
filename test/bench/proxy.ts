/**
 * `npm run bench:proxy`: what the proxy costs. How it is measured, and the figures of the last run: docs/performance.md.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseFlags } from '@holdpoint/platform';
import { measureExec } from './proxy/exec-throughput.ts';
import { proxyReportOf, type ProxyReport } from './proxy/report.ts';
import { measureReads, reads } from './proxy/requests.ts';
import { startProxyBench } from './proxy/start-arms.ts';
import { summariseReads } from './proxy/summary.ts';
import { measureWatchDelay } from './proxy/watch-delay.ts';

const flags = parseFlags(process.argv.slice(2), {
  reads: { description: 'only those whose name has this in it', default: '' },
  clients: { description: 'at a time, as a list', default: '1,16,64' },
  rounds: { description: 'rounds of reads', default: '3' },
  seconds: { description: 'of each arm in each round', default: '1' },
  events: { description: 'of the watch', default: '500' },
  'exec-rounds': { description: 'terminals of each arm', default: '5' },
  'exec-mebibytes': { description: 'that each prints', default: '32' },
  seed: { description: 'of the order of the arms', default: '1' },
  json: { description: 'file to write the figures to as well; empty: none', default: '' },
});
const clientCounts = flags.clients.split(',').map(Number);
const calls = reads.filter(({ name }) => name.includes(flags.reads));
if (calls.length === 0) throw new Error(`--reads: none of ${reads.map(({ name }) => name).join('; ')}`);
if (!clientCounts.every((count) => count >= 1)) throw new Error('--clients: expected counts like 1,16,64');
const say = (text: string): void => void process.stderr.write(`… ${text}\n`);

const bench = await startProxyBench(say);
try {
  const { slots, peakRssBytes, foreignShare } = await measureReads({
    ...{ bench, calls, clientCounts },
    rounds: Number(flags.rounds),
    secondsPerSlot: Number(flags.seconds),
    seed: Number(flags.seed),
    onProgress: say,
  });
  say('watching');
  const watch = await measureWatchDelay(bench, Number(flags.events));
  say('exec');
  const exec = await measureExec(bench, {
    rounds: Number(flags['exec-rounds']),
    mebibytes: Number(flags['exec-mebibytes']),
  });
  const machine = { cores: availableParallelism(), node: process.version };
  const report: ProxyReport = { machine, reads: summariseReads(slots), watch, exec, peakRssBytes, foreignShare };
  if (flags.json !== '') writeFileSync(flags.json, `${JSON.stringify({ ...report, flags }, undefined, 2)}\n`);
  process.stdout.write(`${proxyReportOf(report)}\n`);
} finally {
  await bench.close();
}

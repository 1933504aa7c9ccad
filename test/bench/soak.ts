/**
 * `npm run soak:webhook`: full load for a while. Ends with 1 unless every review was answered, as it should be, and memory
 * stayed flat.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFlags } from '@holdpoint/platform';
import { flatnessOf } from './flatness.ts';
import { benchNamespace } from './judging/policies.ts';
import { startBenchStack } from './load/bench-stack.ts';
import { targets } from './load/calls.ts';
import { startLoad, type Call } from './load/load.ts';
import { usageOf } from './load/process-usage.ts';
import { fixed } from './table.ts';

const flags = parseFlags(process.argv.slice(2), {
  minutes: { description: 'how long', default: '10' },
  writers: { description: 'at once', default: '32' },
});
const sampleEveryMs = 2_000;
const mebibyte = 1_048_576;

/** What the policy denies, and what it would hold: a dry run neither asks a person nor fills etcd. */
const refused: Call = {
  name: 'denied',
  method: 'DELETE',
  path: `/api/v1/namespaces/${benchNamespace}/configmaps/protected-{client}`,
  contentType: 'application/json',
  body: '{}',
};
const wouldBeHeld: Call = {
  name: 'would-hold',
  method: 'DELETE',
  path: `/api/v1/namespaces/${benchNamespace}/configmaps/writer-{client}`,
  contentType: 'application/json',
  // In the body: with one, the API server looks at no option in the URL.
  body: '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}',
};
/** The only code that each may be answered with. */
const wanted: Readonly<Record<string, number>> = { deployment: 200, configmap: 200, denied: 403, 'would-hold': 200 };

const say = (text: string): void => void process.stderr.write(`… ${text}\n`);
const bench = await startBenchStack(say, { protectedObjects: true });
const load = startLoad();
const rss: number[] = [];
try {
  const { stack, tokens } = bench;
  const pid = bench.pids().holdpoint;
  const durationMs = Number(flags.minutes) * 60_000;
  const loaded = load.run({
    url: stack.urls.apiServer,
    caFile: stack.caFile,
    token: tokens.holdpoint,
    clients: Number(flags.writers),
    calls: [...targets, refused, wouldBeHeld],
    warmUpMs: 0,
    durationMs,
  });
  const until = Date.now() + durationMs;
  const cpuBefore = usageOf(pid).cpuMs;
  while (Date.now() < until) {
    await sleep(sampleEveryMs);
    rss.push(usageOf(pid).rssBytes / mebibyte);
    if (rss.length % 15 === 0)
      say(`${fixed((until - Date.now()) / 60_000, 1)} min left, RSS ${fixed(rss.at(-1) ?? NaN, 0)} MiB`);
  }
  const { answers, latenciesMs } = await loaded;
  const answered = latenciesMs.length;
  const unexpected = Object.entries(answers).filter(([answer]) => {
    const [name = '', code] = answer.split(' ', 2);
    return wanted[name] !== Number(code);
  });
  const isComplete = Object.keys(answers).length - unexpected.length === Object.keys(wanted).length;
  // A review that the webhook could not judge is in its log as such, whatever the API server then told the client.
  const failures = readFileSync(stack.service('webhook').logFile, 'utf8').split('"review failed"').length - 1;
  const isSamePid = bench.pids().holdpoint === pid;
  const flatness = flatnessOf(rss);
  const lines = [
    `${String(answered)} writes by ${flags.writers} writers in ${flags.minutes} min: ${JSON.stringify(answers)}`,
    `answered otherwise than they should: ${JSON.stringify(Object.fromEntries(unexpected))}; every kind seen: ${String(isComplete)}`,
    `reviews that failed, by the webhook's log: ${String(failures)}; never restarted: ${String(isSamePid)}`,
    `CPU of the webhook: ${fixed((usageOf(pid).cpuMs - cpuBefore) / answered, 3)} ms a review`,
    `RSS: median of the second quarter ${fixed(flatness.earlier, 1)} MiB, of the last ${fixed(flatness.later, 1)} MiB, ` +
      `most ${fixed(Math.max(...rss), 1)} MiB: ${flatness.isFlat ? 'flat' : 'NOT flat'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (unexpected.length > 0 || !isComplete || failures > 0 || !isSamePid || !flatness.isFlat) process.exitCode = 1;
} finally {
  load.stop();
  await bench.close();
}

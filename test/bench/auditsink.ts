/**
 * `npm run bench:auditsink`: what the audit sink costs, held against plain inserts into the same engine. How it is measured,
 * and the figures of the last run: docs/performance.md.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFlags } from '@holdpoint/platform';
import type { AuditArm } from './audit/arm.ts';
import { createEventMaker } from './audit/event-maker.ts';
import { takeTurn, type Lane, type Pace, type Turn } from './audit/measure.ts';
import { auditReportOf, type Disk, type LongRun } from './audit/report.ts';
import { createSender } from './audit/send.ts';
import { startHoldpoint, startPlain } from './audit/start-arms.ts';
import { cellsOf, comparisonsOf } from './audit/summary.ts';
import { flatnessOf } from './flatness.ts';
import { usageOf, watchForeignShare } from './load/process-usage.ts';
import { createRandom, interleaved } from './load/rounds.ts';
import { sum } from './statistics.ts';

const flags = parseFlags(process.argv.slice(2), {
  rounds: { description: 'of all loads, on both sides', default: '5' },
  seconds: { description: 'of each turn', default: '5' },
  minutes: { description: 'of the long run; 0: none', default: '10' },
  seed: { description: 'of the order of the turns', default: '1' },
  json: { description: 'file to write the figures to as well; empty: none', default: '' },
});
const say = (text: string): void => void process.stderr.write(`… ${text}\n`);

/** An API server sends at most 400 events a POST and 10 POSTs a second, by default. */
const paces: readonly Pace[] = [
  { type: 'Paced', name: '500 events/s', everyMs: 100, eventsAPost: 50 },
  { type: 'Paced', name: '2,000 events/s', everyMs: 100, eventsAPost: 200 },
  { type: 'Full', name: 'as fast as 1 API server can', senders: 1, eventsAPost: 400 },
  { type: 'Full', name: 'as fast as 4 API servers can', senders: 4, eventsAPost: 400 },
];
const longPace: Pace = { type: 'Paced', name: 'long', everyMs: 200, eventsAPost: 400 };

const random = createRandom(Number(flags.seed));
const arms: readonly AuditArm[] = [await startHoldpoint(), await startPlain()];
const lanes: readonly Lane[] = arms.map((arm) => ({
  arm,
  sender: createSender(arm),
  maker: createEventMaker(flags.seed, () => Date.now()),
}));
const turns: Turn[] = [];
const foreignShare = watchForeignShare([process.pid, ...arms.map(({ pid }) => pid)]);

for (const lane of lanes) await takeTurn(lane, longPace, 2_000); // Warm, and not counted but on disk.
const cells = paces.flatMap((pace) => lanes.map((lane) => ({ pace, lane })));
for (const [round, order] of interleaved(cells, Number(flags.rounds), random).entries()) {
  say(`round ${String(round + 1)} of ${flags.rounds}`);
  for (const { pace, lane } of order) turns.push(await takeTurn(lane, pace, 1_000 * Number(flags.seconds)));
}
const share = foreignShare();

const [holdpoint] = lanes;
const long = Number(flags.minutes) === 0 || holdpoint === undefined ? undefined : await longRun(holdpoint);
const disks: Disk[] = [];
for (const { arm, sender } of lanes) {
  sender.close();
  const { storedBytes, rows } = await arm.close();
  const own = turns.filter((turn) => turn.arm === arm.name);
  const bytesAnEvent = sum(own.map(({ rawBytes }) => rawBytes)) / sum(own.map(({ events }) => events));
  disks.push({ arm: arm.name, events: rows, rawBytes: rows * bytesAnEvent, storedBytes });
}

const report = {
  machine: { cores: availableParallelism(), node: process.version },
  flags,
  cells: cellsOf(turns),
  comparisons: comparisonsOf(turns),
  disks,
  long,
  foreignShare: share,
};
if (flags.json !== '') writeFileSync(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
process.stdout.write(`${auditReportOf(report)}\n`);

/** Memory, and whether it grows. */
async function longRun(lane: Lane): Promise<LongRun> {
  const rss: number[] = [];
  const ended = new AbortController();
  const sampling = (async () => {
    while (!ended.signal.aborted) {
      rss.push(usageOf(lane.arm.pid).rssBytes / 1_048_576);
      if (rss.length % 30 === 0)
        say(`long run: ${String(rss.length * 2)} s, RSS ${String(Math.round(rss.at(-1) ?? 0))} MiB`);
      await sleep(2_000);
    }
  })();
  const turn = await takeTurn(lane, longPace, 60_000 * Number(flags.minutes));
  ended.abort();
  await sampling;
  const [cell] = cellsOf([turn]);
  if (cell === undefined) throw new Error('a turn makes a cell');
  return {
    minutes: Number(flags.minutes),
    events: turn.events,
    eventsPerSecond: cell.acknowledgedPerSecond,
    acknowledged: cell.acknowledged,
    visible: cell.visible,
    rss: flatnessOf(rss),
    peakRssMiB: Math.max(...rss),
  };
}

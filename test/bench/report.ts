import type { JudgingResult } from './judging/judging.ts';
import type { WebhookMemory } from './load/calls.ts';
import type { ArmSummary, Comparison, Ratio } from './load/summary.ts';
import { fixed, tableOf } from './table.ts';

/** Everything that a run has found; with `--json` it is written as it is. */
export interface Report {
  machine: { cores: number; node: string };
  judging: readonly JudgingResult[];
  arms: readonly ArmSummary[];
  comparisons: readonly Comparison[];
  memory: Readonly<Record<'go' | 'holdpoint', WebhookMemory>>;
  /** Of the machine, busy with something else while the calls were measured. */
  foreignShare: number;
}

/** With more than this, what is taken from one arm and not from another is as large as what a webhook adds. */
const maxForeignShare = 0.05;

const armNames = { none: 'no webhook', go: 'Go, always allows', holdpoint: 'Holdpoint' };
const goals = { p99Ms: 5, cpuMs: 1, ratio: 1.5, rssMiB: 150 };

/** The report for people, in Markdown. */
export function reportOf(report: Report): string {
  const { machine, judging, arms, comparisons, memory, foreignShare } = report;
  return [
    `${String(machine.cores)} cores, Node ${machine.node}`,
    `### Judging, in process: p99 ≤ ${String(goals.p99Ms)} ms, CPU ≤ ${String(goals.cpuMs)} ms`,
    tableOf<JudgingResult>(
      [
        ['allowed write', (row) => row.situation],
        ['review, bytes', (row) => String(row.reviewBytes)],
        ['reviews', (row) => String(row.iterations)],
        ['p50 ms', (row) => fixed(row.p50Ms, 3)],
        ['p99 ms', (row) => fixed(row.p99Ms, 3)],
        ['CPU ms', (row) => fixed(row.cpuMs, 3)],
        ['goal', (row) => met(row.p99Ms <= goals.p99Ms && row.cpuMs <= goals.cpuMs)],
      ],
      judging,
    ),
    '### Real API calls',
    `Others took ${fixed(foreignShare * 100, 1)} % of the machine meanwhile` +
      (foreignShare <= maxForeignShare
        ? '.'
        : `: more than ${String(maxForeignShare * 100)} %, so the differences and ratios below judge nothing.`),
    tableOf<ArmSummary>(
      [
        ['write, writers, webhook', (row) => `${row.target}, ${String(row.writers)}, ${armNames[row.arm]}`],
        ['writes', (row) => String(row.writes)],
        ['p50 ms', (row) => fixed(row.p50Ms, 2)],
        ['p99 ms', (row) => fixed(row.p99Ms, 2)],
        ['max ms', (row) => fixed(row.maxMs, 1)],
        ['added p50', (row) => (row.arm === 'none' ? '' : fixed(row.addedP50Ms, 2))],
        ['added p99', (row) => (row.arm === 'none' ? '' : fixed(row.addedP99Ms, 2))],
        ['writes/s', (row) => fixed(row.writesPerSecond, 0)],
        ['API server CPU ms/write', (row) => fixed(row.apiServerCpuMsPerWrite, 2)],
        ['webhook CPU s/1,000', (row) => (row.arm === 'none' ? '' : fixed(row.webhookCpuSecondsPer1000, 2))],
        ['writers’ process, core', (row) => `${fixed(row.maxLoadShare * 100, 0)} %`],
      ],
      arms,
    ),
    `### Holdpoint by Go: at most ${String(goals.ratio)} (overall; in the rounds: min, median, max)`,
    tableOf<Comparison>(
      [
        ['write, writers', (row) => `${row.target}, ${String(row.writers)}`],
        ['added p50', (row) => ratio(row.addedP50)],
        ['added p99', (row) => ratio(row.addedP99)],
        ['Go’s throughput by ours', (row) => ratio(row.slowdown)],
        ['goal', (row) => (foreignShare <= maxForeignShare ? goalOf(row) : 'not judged')],
      ],
      comparisons,
    ),
    `### Memory: at most ${String(goals.rssMiB)} MiB`,
    tableOf<'go' | 'holdpoint'>(
      [
        ['webhook', (name) => armNames[name]],
        ['RSS MiB', (name) => mebibytes(memory[name].rssBytes)],
        ['peak RSS MiB', (name) => mebibytes(memory[name].peakRssBytes)],
        ['goal', (name) => (name === 'go' ? '' : met(memory[name].peakRssBytes <= goals.rssMiB * 1_048_576))],
      ],
      ['go', 'holdpoint'],
    ),
  ].join('\n\n');
}

function goalOf({ addedP50, addedP99, slowdown }: Comparison): string {
  const ratios = Object.entries({ p50: addedP50, p99: addedP99, throughput: slowdown });
  const missed = ratios.filter(([, { overall }]) => overall > goals.ratio).map(([name]) => name);
  // Where even the Go webhook added nothing, noise was larger than what was to be measured.
  const lost = ratios.filter(([, { overall }]) => Number.isNaN(overall)).map(([name]) => name);
  const parts = [
    ...(missed.length === 0 ? [] : [`missed: ${missed.join(', ')}`]),
    ...(lost.length === 0 ? [] : [`lost in noise: ${lost.join(', ')}`]),
  ];
  return parts.length === 0 ? 'met' : parts.join('; ');
}

function met(is: boolean): string {
  return is ? 'met' : 'missed';
}

function ratio({ overall, rounds }: Ratio): string {
  return `${fixed(overall, 2)} (${fixed(rounds.min, 2)}, ${fixed(rounds.median, 2)}, ${fixed(rounds.max, 2)})`;
}

function mebibytes(bytes: number): string {
  return fixed(bytes / 1_048_576, 0);
}

import { fixed, tableOf } from '../table.ts';
import type { Flatness } from '../flatness.ts';
import type { Spread } from '../statistics.ts';
import type { ArmName } from './arm.ts';
import type { Cell, Comparison } from './summary.ts';

/** Everything that a run has found; with `--json` it is written as it is. */
export interface AuditReport {
  machine: { cores: number; node: string };
  cells: readonly Cell[];
  comparisons: readonly Comparison[];
  disks: readonly Disk[];
  long: LongRun | undefined;
  /** Of the machine, busy with something else meanwhile. */
  foreignShare: number;
}

export interface Disk {
  arm: ArmName;
  events: number;
  /** Of the events' JSON, as it was sent. */
  rawBytes: number;
  storedBytes: number;
}

export interface LongRun {
  minutes: number;
  events: number;
  eventsPerSecond: number;
  acknowledged: { p50Ms: number; p99Ms: number; maxMs: number };
  visible: { p50Ms: number; maxMs: number };
  /** In MiB. */
  rss: Flatness;
  peakRssMiB: number;
}

const armNames: Readonly<Record<ArmName, string>> = { holdpoint: 'Holdpoint', plain: 'plain inserts' };
const goals = { acknowledgedP99Ms: 100, eventsPerCpuSecond: 5_000, visibleMs: 5_000, smaller: 10 };

/** The report for people, in Markdown. */
export function auditReportOf({ machine, cells, comparisons, disks, long, foreignShare }: AuditReport): string {
  return [
    `${String(machine.cores)} cores, Node ${machine.node}; others took ${fixed(100 * foreignShare, 1)} % of the machine.`,
    `### Taking and storing: ≥ ${String(goals.eventsPerCpuSecond)} events a CPU second; acknowledged p99 ≤ ${String(goals.acknowledgedP99Ms)} ms where paced; queryable within ${String(goals.visibleMs / 1_000)} s`,
    tableOf<Cell>(
      [
        ['load, by', ({ pace, arm }) => `${pace}, ${armNames[arm]}`],
        ['events', ({ events }) => String(events)],
        ['acknowledged/s', (cell) => fixed(cell.acknowledgedPerSecond, 0)],
        ['queryable/s', (cell) => fixed(cell.storedPerSecond, 0)],
        ['a CPU second', (cell) => fixed(cell.eventsPerCpuSecond, 0)],
        ['ack p50 ms', ({ acknowledged }) => fixed(acknowledged.p50Ms, 1)],
        ['ack p99 ms', ({ acknowledged }) => fixed(acknowledged.p99Ms, 1)],
        ['ack max ms', ({ acknowledged }) => fixed(acknowledged.maxMs, 0)],
        ['queryable p50 ms', ({ visible }) => fixed(visible.p50Ms, 0)],
        ['queryable max ms', ({ visible }) => fixed(visible.maxMs, 0)],
        ['peak RSS MiB', ({ peakRssBytes }) => mebibytes(peakRssBytes)],
        ['goal', goalOf],
      ],
      cells,
    ),
    '### Holdpoint by plain inserts (in the rounds: min, median, max)',
    tableOf<Comparison>(
      [
        ['load', ({ pace }) => pace],
        ['acknowledged/s', ({ acknowledged }) => spread(acknowledged)],
        ['queryable/s', ({ stored }) => spread(stored)],
        ['events a CPU second', ({ perCpu }) => spread(perCpu)],
      ],
      comparisons,
    ),
    `### On disk: at least ${String(goals.smaller)} times smaller than the JSON`,
    tableOf<Disk>(
      [
        ['store', ({ arm }) => armNames[arm]],
        ['events', ({ events }) => String(events)],
        ['JSON MiB', ({ rawBytes }) => mebibytes(rawBytes)],
        ['stored MiB', ({ storedBytes }) => mebibytes(storedBytes)],
        ['bytes an event', ({ storedBytes, events }) => fixed(storedBytes / events, 0)],
        ['smaller', ({ rawBytes, storedBytes }) => fixed(rawBytes / storedBytes, 1)],
        ['goal', ({ arm, ...disk }) => (arm === 'plain' ? '' : met(disk.rawBytes / disk.storedBytes >= goals.smaller))],
      ],
      disks,
    ),
    ...(long === undefined ? [] : ['### A long run', longText(long)]),
  ].join('\n\n');
}

function goalOf({ arm, acknowledged, visible, eventsPerCpuSecond }: Cell): string {
  if (arm === 'plain') return '';
  const isPaced = Number.isFinite(visible.p50Ms);
  const missed = isPaced
    ? [
        ...(acknowledged.p99Ms <= goals.acknowledgedP99Ms ? [] : ['ack p99']),
        ...(visible.maxMs <= goals.visibleMs ? [] : ['queryable']),
      ]
    : eventsPerCpuSecond >= goals.eventsPerCpuSecond
      ? []
      : ['a CPU second'];
  return missed.length === 0 ? 'met' : `missed: ${missed.join(', ')}`;
}

function longText({ minutes, events, eventsPerSecond, acknowledged, visible, rss, peakRssMiB }: LongRun): string {
  return (
    `${String(events)} events in ${fixed(minutes, 0)} minutes, ${fixed(eventsPerSecond, 0)} a second: acknowledged p50 ` +
    `${fixed(acknowledged.p50Ms, 1)} ms, p99 ${fixed(acknowledged.p99Ms, 1)} ms, max ${fixed(acknowledged.maxMs, 0)} ms; ` +
    `queryable p50 ${fixed(visible.p50Ms, 0)} ms, max ${fixed(visible.maxMs, 0)} ms; RSS ${fixed(rss.earlier, 0)} MiB in the second ` +
    `quarter, ${fixed(rss.later, 0)} MiB in the last, ${fixed(peakRssMiB, 0)} MiB at most: ${rss.isFlat ? 'flat' : 'NOT flat'}.`
  );
}

function met(is: boolean): string {
  return is ? 'met' : 'missed';
}

function spread({ min, median, max }: Spread): string {
  return `${fixed(min, 2)}, ${fixed(median, 2)}, ${fixed(max, 2)}`;
}

function mebibytes(bytes: number): string {
  return fixed(bytes / 1_048_576, 0);
}

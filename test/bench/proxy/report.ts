import { fixed, tableOf } from '../table.ts';
import type { ProxyArm } from './arms.ts';
import type { ExecThroughput } from './exec-throughput.ts';
import type { PeakMemory } from './requests.ts';
import type { ReadSummary } from './summary.ts';
import type { WatchDelay } from './watch-delay.ts';

/** Everything that a run has found; with `--json` it is written as it is. */
export interface ProxyReport {
  machine: { cores: number; node: string };
  reads: readonly ReadSummary[];
  watch: readonly WatchDelay[];
  exec: readonly ExecThroughput[];
  peakRssBytes: PeakMemory;
  /** Of the machine, busy with something else while the reads were measured. */
  foreignShare: number;
}

/** With more than this, what is taken from one arm and not from another is as large as what a proxy adds. */
const maxForeignShare = 0.05;

const armNames: Readonly<Record<ProxyArm, string>> = {
  direct: 'direct',
  'pass-through': 'Node, does nothing',
  'kubectl-proxy': 'kubectl proxy',
  'go-proxy': 'Go, impersonates',
  holdpoint: 'Holdpoint',
};

/** The report for people, in Markdown. */
export function proxyReportOf(report: ProxyReport): string {
  const { machine, reads, watch, exec, peakRssBytes, foreignShare } = report;
  const others = `Others took ${fixed(foreignShare * 100, 1)} % of the machine meanwhile`;
  return [
    `${String(machine.cores)} cores, Node ${machine.node}`,
    '### Reads',
    foreignShare <= maxForeignShare ? `${others}.` : `${others}: too much to judge differences by.`,
    tableOf<ReadSummary>(
      [
        ['read, clients, by way of', (row) => `${row.read}, ${String(row.clients)}, ${armNames[row.arm]}`],
        ['answers', (row) => String(row.answers)],
        ['p50 ms', (row) => fixed(row.p50Ms, 2)],
        ['p99 ms', (row) => fixed(row.p99Ms, 2)],
        ['added p50', (row) => (row.arm === 'direct' ? '' : fixed(row.addedP50Ms, 2))],
        ['added p99', (row) => (row.arm === 'direct' ? '' : fixed(row.addedP99Ms, 2))],
        ['by pass-through’s', (row) => (row.arm === 'direct' ? '' : fixed(row.addedByPassThrough, 2))],
        ['answers/s', (row) => fixed(row.perSecond, 1)],
        ['proxy CPU ms', (row) => (row.arm === 'direct' ? '' : fixed(row.proxyCpuMs, 2))],
        ['API server CPU ms', (row) => fixed(row.apiServerCpuMs, 2)],
        ['clients’ process, core', (row) => `${fixed(row.maxLoadShare * 100, 0)} %`],
      ],
      reads,
    ),
    '### A watch of Secrets: how much later than by a direct one an event comes',
    tableOf<WatchDelay>(
      [
        ['by way of', (row) => armNames[row.arm]],
        ['events', (row) => String(row.events)],
        ['p50 ms', (row) => fixed(row.p50Ms, 2)],
        ['p99 ms', (row) => fixed(row.p99Ms, 2)],
      ],
      watch,
    ),
    '### exec: MiB/s of text',
    tableOf<ExecThroughput>(
      [
        ['by way of', (row) => armNames[row.arm]],
        ['min', (row) => fixed(row.mebibytesPerSecond.min, 1)],
        ['median', (row) => fixed(row.mebibytesPerSecond.median, 1)],
        ['max', (row) => fixed(row.mebibytesPerSecond.max, 1)],
      ],
      exec,
    ),
    '### Memory',
    tableOf<[string, number]>(
      [
        ['proxy', ([arm]) => armNames[arm as ProxyArm]],
        ['peak RSS MiB', ([, bytes]) => fixed(bytes / 1_048_576, 0)],
      ],
      Object.entries(peakRssBytes),
    ),
  ].join('\n\n');
}

import { quantile, sorted, spreadOf, sum, type Spread } from '../statistics.ts';
import type { ArmName } from './arm.ts';
import type { Turn } from './measure.ts';

/** All turns of one arm at one pace. */
export interface Cell {
  arm: ArmName;
  pace: string;
  events: number;
  acknowledgedPerSecond: number;
  /** Until the last of them could be asked for. */
  storedPerSecond: number;
  /** Of CPU time, whatever core it was spent on. */
  eventsPerCpuSecond: number;
  acknowledged: { p50Ms: number; p99Ms: number; maxMs: number };
  /** NaN where it was not looked at. */
  visible: { p50Ms: number; maxMs: number };
  peakRssBytes: number;
}

/** Holdpoint's figure by the plain inserts', at one pace: below 1 Holdpoint did less. */
export interface Comparison {
  pace: string;
  acknowledged: Spread;
  stored: Spread;
  perCpu: Spread;
}

export function cellsOf(turns: readonly Turn[]): Cell[] {
  return groupsOf(turns, ({ pace, arm }) => `${pace} ${arm}`).map((group) => {
    const [{ arm, pace }] = group;
    const events = sum(group.map((turn) => turn.events));
    const acknowledged = sorted(group.flatMap((turn) => turn.acknowledgedMs));
    const visible = sorted(group.flatMap((turn) => turn.visibleMs));
    return {
      ...{ arm, pace, events },
      acknowledgedPerSecond: (1_000 * events) / sum(group.map((turn) => turn.sendingMs)),
      storedPerSecond: (1_000 * events) / sum(group.map((turn) => turn.storedMs)),
      eventsPerCpuSecond: (1_000 * events) / sum(group.map((turn) => turn.cpuMs)),
      acknowledged: {
        p50Ms: quantile(acknowledged, 0.5),
        p99Ms: quantile(acknowledged, 0.99),
        maxMs: acknowledged.at(-1) ?? NaN,
      },
      visible: { p50Ms: quantile(visible, 0.5), maxMs: visible.at(-1) ?? NaN },
      peakRssBytes: Math.max(...group.map((turn) => turn.peakRssBytes)),
    };
  });
}

/** Round by round, so that what drifts meets both alike. */
export function comparisonsOf(turns: readonly Turn[]): Comparison[] {
  return groupsOf(turns, ({ pace }) => pace).map((group) => {
    const ours = group.filter(({ arm }) => arm === 'holdpoint');
    const plain = group.filter(({ arm }) => arm === 'plain');
    const ratios = (rate: (turn: Turn) => number): Spread =>
      spreadOf(ours.map((turn, round) => rate(turn) / rate(plain[round] ?? turn)));
    return {
      pace: group[0].pace,
      acknowledged: ratios(({ events, sendingMs }) => events / sendingMs),
      stored: ratios(({ events, storedMs }) => events / storedMs),
      perCpu: ratios(({ events, cpuMs }) => events / cpuMs),
    };
  });
}

function groupsOf(turns: readonly Turn[], keyOf: (turn: Turn) => string): [Turn, ...Turn[]][] {
  const groups = new Map<string, [Turn, ...Turn[]]>();
  for (const turn of turns) {
    const group = groups.get(keyOf(turn));
    if (group === undefined) groups.set(keyOf(turn), [turn]);
    else group.push(turn);
  }
  return [...groups.values()];
}

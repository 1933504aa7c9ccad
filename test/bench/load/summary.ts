import { quantile, sorted, spreadOf, sum, type Spread } from '../statistics.ts';
import { arms, type Arm } from './bench-stack.ts';
import type { Cell, Slot } from './slot.ts';

/** One arm of one cell, over all of its rounds together. Times in milliseconds. */
export interface ArmSummary extends Cell {
  arm: Arm;
  writes: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  writesPerSecond: number;
  /** Against the arm without webhook. */
  addedP50Ms: number;
  addedP99Ms: number;
  /** CPU time that a write took of the API server; of the webhook, seconds per 1,000 reviews. */
  apiServerCpuMsPerWrite: number;
  webhookCpuSecondsPer1000: number;
  /** The busiest slot of the writers' process: near 1, it would have been measured instead. */
  maxLoadShare: number;
}

/** Holdpoint by the Go webhook, of one cell: over all, and how it spread over the rounds. At most 1.5 is the goal. */
export interface Comparison extends Cell {
  addedP50: Ratio;
  addedP99: Ratio;
  /** Go's throughput by ours, so that here too less is better. */
  slowdown: Ratio;
}

export interface Ratio {
  overall: number;
  rounds: Spread;
}

interface Figures {
  p50: number;
  p99: number;
  perSecond: number;
}

export function summarise(slots: readonly Slot[]): { arms: ArmSummary[]; comparisons: Comparison[] } {
  const cells = cellsOf(slots);
  return {
    arms: cells.flatMap((cell) => {
      const inCell = slots.filter((slot) => isIn(slot, cell));
      const none = figuresOf(inCell.filter(({ arm }) => arm === 'none'));
      return arms.map((arm) =>
        armSummary(
          cell,
          arm,
          inCell.filter((slot) => slot.arm === arm),
          none,
        ),
      );
    }),
    comparisons: cells.map((cell) =>
      compare(
        cell,
        slots.filter((slot) => isIn(slot, cell)),
      ),
    ),
  };
}

function armSummary(cell: Cell, arm: Arm, slots: readonly Slot[], none: Figures): ArmSummary {
  const figures = figuresOf(slots);
  const writes = sum(slots.map((slot) => slot.writes));
  return {
    ...cell,
    arm,
    writes,
    p50Ms: figures.p50,
    p99Ms: figures.p99,
    maxMs: sorted(slots.flatMap(({ latenciesMs }) => latenciesMs)).at(-1) ?? NaN,
    writesPerSecond: figures.perSecond,
    addedP50Ms: figures.p50 - none.p50,
    addedP99Ms: figures.p99 - none.p99,
    apiServerCpuMsPerWrite: sum(slots.map(({ cpuMs }) => cpuMs.apiServer)) / writes,
    webhookCpuSecondsPer1000: sum(slots.map(({ cpuMs }) => cpuMs.webhook)) / writes,
    maxLoadShare: Math.max(...slots.map(({ loadShare }) => loadShare)),
  };
}

function compare(cell: Cell, slots: readonly Slot[]): Comparison {
  const rounds = [...new Set(slots.map(({ round }) => round))].map((round) =>
    slots.filter((slot) => slot.round === round),
  );
  const ratioOf = (ratio: (figures: Record<Arm, Figures>) => number): Ratio => ({
    overall: ratio(figuresByArm(slots)),
    rounds: spreadOf(rounds.map((round) => ratio(figuresByArm(round)))),
  });
  return {
    ...cell,
    addedP50: ratioOf((by) => addedRatio(by, 'p50')),
    addedP99: ratioOf((by) => addedRatio(by, 'p99')),
    slowdown: ratioOf((by) => by.go.perSecond / by.holdpoint.perSecond),
  };
}

/** NaN where the Go webhook added nothing that could be measured: there is no ratio to nothing. */
function addedRatio(by: Record<Arm, Figures>, figure: 'p50' | 'p99'): number {
  const go = by.go[figure] - by.none[figure];
  return go > 0 ? (by.holdpoint[figure] - by.none[figure]) / go : NaN;
}

function figuresByArm(slots: readonly Slot[]): Record<Arm, Figures> {
  const of = (arm: Arm): Figures => figuresOf(slots.filter((slot) => slot.arm === arm));
  return { none: of('none'), go: of('go'), holdpoint: of('holdpoint') };
}

function figuresOf(slots: readonly Slot[]): Figures {
  const latencies = sorted(slots.flatMap(({ latenciesMs }) => latenciesMs));
  return {
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    perSecond: latencies.length / (sum(slots.map(({ elapsedMs }) => elapsedMs)) / 1_000),
  };
}

function cellsOf(slots: readonly Slot[]): Cell[] {
  const cells: Cell[] = [];
  for (const { target, writers } of slots) {
    if (!cells.some((cell) => isIn({ target, writers }, cell))) cells.push({ target, writers });
  }
  return cells;
}

function isIn(slot: Cell, cell: Cell): boolean {
  return slot.target === cell.target && slot.writers === cell.writers;
}

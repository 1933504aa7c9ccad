import { quantile, sorted, sum } from '../statistics.ts';
import { proxyArms, type ProxyArm } from './arms.ts';
import type { ReadCell, ReadSlot } from './requests.ts';

/** One arm of one cell, over all of its rounds together. Times in milliseconds. */
export interface ReadSummary extends ReadCell {
  arm: ProxyArm;
  answers: number;
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  /** Against the arm without a proxy. */
  addedP50Ms: number;
  addedP99Ms: number;
  /** What the pass-through adds at the median stands in the denominator; NaN where it added nothing. */
  addedByPassThrough: number;
  /** CPU time that an answer took of the proxy, and of the API server. */
  proxyCpuMs: number;
  apiServerCpuMs: number;
  /** The busiest slot of the clients' process: near 1, it would have been measured instead. */
  maxLoadShare: number;
}

export function summariseReads(slots: readonly ReadSlot[]): ReadSummary[] {
  return cellsOf(slots).flatMap((cell) => {
    const of = (arm: ProxyArm): Figures =>
      figuresOf(slots.filter((each) => each.read === cell.read && each.clients === cell.clients && each.arm === arm));
    const direct = of('direct');
    const least = of('pass-through').p50Ms - direct.p50Ms;
    return proxyArms.map((arm) => {
      const figures = of(arm);
      const addedP50Ms = figures.p50Ms - direct.p50Ms;
      return {
        ...{ ...cell, arm, ...figures, addedP50Ms },
        addedP99Ms: figures.p99Ms - direct.p99Ms,
        addedByPassThrough: least > 0 ? addedP50Ms / least : NaN,
      };
    });
  });
}

type Figures = Pick<
  ReadSummary,
  'answers' | 'p50Ms' | 'p99Ms' | 'perSecond' | 'proxyCpuMs' | 'apiServerCpuMs' | 'maxLoadShare'
>;

function figuresOf(slots: readonly ReadSlot[]): Figures {
  const latencies = sorted(slots.flatMap(({ latenciesMs }) => latenciesMs));
  const answers = sum(slots.map((slot) => slot.answers));
  return {
    answers,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    perSecond: latencies.length / (sum(slots.map(({ elapsedMs }) => elapsedMs)) / 1_000),
    proxyCpuMs: sum(slots.map(({ cpuMs }) => cpuMs.proxy)) / answers,
    apiServerCpuMs: sum(slots.map(({ cpuMs }) => cpuMs.apiServer)) / answers,
    maxLoadShare: Math.max(...slots.map(({ loadShare }) => loadShare)),
  };
}

function cellsOf(slots: readonly ReadSlot[]): ReadCell[] {
  const cells = new Map<string, ReadCell>();
  for (const { read, clients } of slots) cells.set(JSON.stringify([read, clients]), { read, clients });
  return [...cells.values()];
}

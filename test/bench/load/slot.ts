import type { Arm } from './bench-stack.ts';

/** What is compared like with like: the same write by as many writers. */
export interface Cell {
  target: string;
  writers: number;
}

/** One arm's turn in one round of one cell. */
export interface Slot extends Cell {
  arm: Arm;
  round: number;
  latenciesMs: readonly number[];
  elapsedMs: number;
  /** CPU time of each, from the slot's start to its end, its warm-up included. */
  cpuMs: { webhook: number; apiServer: number };
  /** Writes in the same time as `cpuMs`. */
  writes: number;
  /** The writers' process, as a share of one core. */
  loadShare: number;
}

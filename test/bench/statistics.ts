/** A sorted copy to take several quantiles of. */
export function sorted(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * The smallest value that at least the share `q` of all values do not exceed (nearest rank: a value that was measured, never
 * one in between). NaN when there are none.
 */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)] ?? NaN;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** NaN throughout when there are no values; what is not finite (a ratio to nothing) is left out. */
export function spreadOf(values: readonly number[]): Spread {
  const ascending = sorted(values.filter(Number.isFinite));
  return { min: ascending[0] ?? NaN, median: quantile(ascending, 0.5), max: ascending.at(-1) ?? NaN };
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

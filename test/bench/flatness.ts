import { quantile, sorted } from './statistics.ts';

export interface Flatness {
  /** Median of the second quarter of the samples: by then everything is warm. */
  earlier: number;
  /** Median of the last quarter. */
  later: number;
  isFlat: boolean;
}

/**
 * A garbage-collected heap breathes: its high water may stand a tenth higher by chance. What leaks goes on growing, and in
 * ten minutes of full load passes that by far.
 */
const tolerance = 1.1;

/** Judges whether memory grows, by the medians of the second and the last quarter. Of fewer than 8 samples nothing is said. */
export function flatnessOf(samples: readonly number[]): Flatness {
  const quarter = Math.floor(samples.length / 4);
  const medianOf = (part: readonly number[]): number => quantile(sorted(part), 0.5);
  const earlier = medianOf(samples.slice(quarter, 2 * quarter));
  const later = medianOf(samples.slice(samples.length - quarter));
  return { earlier, later, isFlat: samples.length >= 8 && later <= earlier * tolerance };
}

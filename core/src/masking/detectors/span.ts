/** A piece of a text, in UTF-16 units: from `start` up to, and without, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** Finds credentials of one family in a text. Linear in the text's length, whatever the text. */
export type Detector = (text: string) => Span[];

/**
 * Every match of a pattern, or of its first group where it has one. The pattern needs the flags `g` and `d`, and must not be
 * able to begin within its own run of characters: that is what keeps hostile texts linear.
 */
export function spansOf(pattern: RegExp, text: string): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.[1] ?? match.indices?.[0] ?? [0, 0];
    spans.push({ start, end });
  }
  return spans;
}

/** Sorted, and none overlapping another. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}

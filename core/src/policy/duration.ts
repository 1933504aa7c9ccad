const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Parses a Go-style duration of whole seconds: `90s`, `10m`, `1h30m`.
 *
 * @returns seconds, or undefined when `text` is not such a duration or is zero
 */
export function parseDurationSeconds(text: string): number | undefined {
  if (!/^(\d{1,6}[hms]){1,3}$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([hms])/g)) {
    seconds += Number(digits) * (unitSeconds[unit ?? ''] ?? 0);
  }
  return seconds > 0 ? seconds : undefined;
}

/** RFC 3339, with as many digits of a second as there are. */
export function timestampText(timestamp: Date): string {
  return timestamp
    .toISOString()
    .replace(/\.?0+Z$/, 'Z')
    .replace(/T(\d\d):(\d\d):?Z$/, 'T$1:$2:00Z');
}

/** Seconds and a unit, as protobuf's JSON has it: `90s`, `1.5s`. */
export function durationText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${String(size / 1_000_000_000n)}${fraction === '' ? '' : `.${fraction}`}s`;
}

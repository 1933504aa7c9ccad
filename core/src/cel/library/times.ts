import { durationOfNanos, maxTimestampMs, minTimestampMs, nanosOf } from '../arithmetic.ts';
import type { Duration } from '../cel-js.ts';
import type { CelLibrary } from '../library.ts';

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n,
}; // prettier-ignore

/** Go's time.ParseDuration. 128 characters: six units of twenty digits. @throws Error where it is no duration */
function parseDuration(text: string): Duration {
  const [, sign = '', rest = ''] = /^([+-]?)(.+)$/s.exec(text.slice(0, 129)) ?? [];
  if (text.length > 128 || !/^(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) {
    throw new Error(`"${text.slice(0, 32)}" is no duration`);
  }
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = unitNanos[unit] as bigint;
    nanos += BigInt(whole === '' ? 0 : whole) * size;
    if (fraction !== '') nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return durationOfNanos(sign === '-' ? -nanos : nanos);
}

/**
 * RFC 3339. Whole milliseconds are what can be held: what has more digits is an error, so that two timestamps never look
 * equal that are not. @throws Error
 */
function parseTimestamp(text: string): Date {
  const refuse = (): Error => new Error(`"${text.slice(0, 40)}" is no timestamp of whole milliseconds`);
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(
    text.slice(0, 40),
  );
  if (match === null) throw refuse();
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]; // prettier-ignore
  const fraction = (match[7] ?? '').padEnd(9, '0');
  if (hour > 23 || minute > 59 || second > 59 || !fraction.endsWith('000000')) throw refuse();
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw refuse();
  date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3)));
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * 60_000 * (match[8] === '-' ? -1 : 1);
  return bounded(date.getTime() - offset);
}

function bounded(ms: number): Date {
  if (!(ms >= minTimestampMs && ms <= maxTimestampMs)) throw new Error('timestamp out of range');
  return new Date(ms);
}

/** The same moment as UTC's clock would show it, were UTC that zone. */
function inZone(moment: Date, zone: string): Date {
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(moment.getTime() + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  // The longest name of a zone has some thirty letters. Intl throws for one that there is not.
  if (zone.length > 64) throw new Error('no such time zone');
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', era: 'short',
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(moment); // prettier-ignore
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const local = new Date(0);
  local.setUTCFullYear(part('year'), part('month') - 1, part('day'));
  local.setUTCHours(part('hour'), part('minute'), part('second'), moment.getUTCMilliseconds());
  return local;
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  start.setUTCHours(0, 0, 0, 0);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000);
}

const parts: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const [timestamp, duration] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** CEL's timestamps and durations, by UTC and never by the machine's own zone. */
export function times(): CelLibrary {
  return {
    functions: [
      { signature: `timestamp(string): ${timestamp}`, run: parseTimestamp },
      { signature: `timestamp(int): ${timestamp}`, run: (seconds: bigint) => bounded(Number(seconds) * 1_000) },
      { signature: `timestamp(${timestamp}): ${timestamp}`, run: (value: Date) => value },
      { signature: `duration(string): ${duration}`, run: parseDuration },
      { signature: `duration(${duration}): ${duration}`, run: (value: Duration) => value },
      ...Object.entries(parts).flatMap(([name, part]) => [
        { signature: `${timestamp}.${name}(): int`, run: (value: Date) => BigInt(part(value)) },
        {
          signature: `${timestamp}.${name}(string): int`,
          run: (value: Date, zone: string) => BigInt(part(inZone(value, zone))),
        },
      ]),
      ...(
        [
          ['getHours', 'h'],
          ['getMinutes', 'm'],
          ['getSeconds', 's'],
        ] as const
      ).map(([name, unit]) => ({
        signature: `${duration}.${name}(): int`,
        run: (value: Duration) => nanosOf(value) / (unitNanos[unit] as bigint),
      })),
      // Unlike the others not the whole, but what is left of a second: cel-spec has it so.
      {
        signature: `${duration}.getMilliseconds(): int`,
        run: (value: Duration) => (nanosOf(value) % 1_000_000_000n) / 1_000_000n,
      },
    ],
  };
}

import { Duration, UnsignedInt } from './cel-js.ts';
import type { Meter } from './meter.ts';
import { toInt, toUint, typeNameOf } from './values.ts';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/** What CEL's operators make of two values at run time. @throws Error on overflow, division by zero, unlike types */
export function calculate(operator: ArithmeticOperator, a: unknown, b: unknown, meter: Meter): unknown {
  meter.spend(1);
  if (typeof a === 'bigint' && typeof b === 'bigint') return toInt(wholeOf(operator, a, b));
  if (typeof a === 'number' && typeof b === 'number') return doubleOf(operator, a, b);
  if (typeof a === 'string' && typeof b === 'string' && operator === '+') {
    meter.spendString(a.length + b.length);
    return a + b;
  }
  if (a instanceof UnsignedInt && b instanceof UnsignedInt) {
    return toUint(wholeOf(operator, a.valueOf() as bigint, b.valueOf() as bigint));
  }
  if (Array.isArray(a) && Array.isArray(b) && operator === '+') {
    meter.spend(a.length + b.length);
    return [...(a as unknown[]), ...(b as unknown[])];
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array && operator === '+') {
    meter.spendString(a.length + b.length);
    const both = new Uint8Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  }
  const sum = timeOf(operator, a, b);
  if (sum !== undefined) return sum;
  throw new Error(`no such overload: ${typeNameOf(a)} ${operator} ${typeNameOf(b)}`);
}

function wholeOf(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0n) throw new Error('division by zero');
      return a / b;
    case '%':
      if (b === 0n) throw new Error('modulus by zero');
      return a % b;
  }
}

function doubleOf(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      throw new Error('no such overload: double % double');
  }
}

const nanosPerMilli = 1_000_000n;
const nanosPerSecond = 1_000_000_000n;
/** What google.protobuf.Duration can hold, ±10,000 years; cel-go's own bound is int64 nanoseconds. */
const maxDurationNanos = 2n ** 63n - 1n;
export const minTimestampMs = -62_135_596_800_000;
export const maxTimestampMs = 253_402_300_799_999;

export function nanosOf(duration: Duration): bigint {
  return duration.seconds * nanosPerSecond + BigInt(duration.nanos);
}

export function durationOfNanos(nanos: bigint): Duration {
  if (nanos > maxDurationNanos || nanos < -maxDurationNanos - 1n) throw new Error('duration out of range');
  return new Duration(nanos / nanosPerSecond, Number(nanos % nanosPerSecond));
}

function timestampOfMs(ms: bigint): Date {
  if (ms < BigInt(minTimestampMs) || ms > BigInt(maxTimestampMs)) throw new Error('timestamp out of range');
  return new Date(Number(ms));
}

function timeOf(operator: ArithmeticOperator, a: unknown, b: unknown): Date | Duration | undefined {
  if (operator !== '+' && operator !== '-') return undefined;
  const sign = operator === '+' ? 1n : -1n;
  if (a instanceof Duration && b instanceof Duration) return durationOfNanos(nanosOf(a) + sign * nanosOf(b));
  if (a instanceof Date && b instanceof Duration) return shift(a, sign * nanosOf(b));
  if (a instanceof Duration && b instanceof Date && operator === '+') return shift(b, nanosOf(a));
  if (a instanceof Date && b instanceof Date && operator === '-') {
    return durationOfNanos(BigInt(a.getTime() - b.getTime()) * nanosPerMilli);
  }
  return undefined;
}

/** A timestamp holds whole milliseconds here. One that would not is an error, never one that compares wrongly. */
function shift(timestamp: Date, nanos: bigint): Date {
  if (nanos % nanosPerMilli !== 0n) throw new Error('a timestamp has whole milliseconds: the duration has not');
  return timestampOfMs(BigInt(timestamp.getTime()) + nanos / nanosPerMilli);
}

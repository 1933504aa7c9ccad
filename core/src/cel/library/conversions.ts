import { Duration, Optional, UnsignedInt } from '../cel-js.ts';
import { nanosOf } from '../arithmetic.ts';
import { namespaceType, type CelLibrary } from '../library.ts';
import { fromUtf8, toUtf8 } from '../utf8.ts';
import { toInt, toUint } from '../values.ts';
import { durationText, timestampText } from './time-text.ts';

/** `int("")` is 0 and `int("0b11")` is 3 where BigInt is asked. CEL has digits. */
function wholeOf(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new Error(`"${text.slice(0, 32)}" is no int`);
  return BigInt(text.replace('+', ''));
}

function truncated(value: number): bigint {
  // As in cel-go, -2^63 itself is refused too: it is what smaller doubles were rounded to.
  if (!(value > -(2 ** 63) && value < 2 ** 64)) throw new Error('integer overflow');
  return BigInt(Math.trunc(value));
}

function doubleOf(text: string): number {
  const named: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, infinity: Infinity };
  const [, sign = '', name = ''] = /^([+-]?)(nan|inf|infinity)$/i.exec(text.slice(0, 16)) ?? [];
  const special = named[name.toLowerCase()];
  if (name !== '' && special !== undefined) return sign === '-' ? -special : special;
  // The longest that says anything new: 17 digits and an exponent. Reading a million digits is for nobody.
  if (text.length > 512 || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new Error(`"${text.slice(0, 32)}" is no double`);
  }
  return Number(text);
}

/** As Go writes it: an exponent from 10^21 on and below 10^-4, of two digits at least. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  const text = size !== 0 && size < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function isZero(value: unknown): boolean {
  if (value === null || value === '' || value === false || value === 0n || value === 0) return true;
  if (value instanceof UnsignedInt) return value.valueOf() === 0n;
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return value instanceof Duration && nanosOf(value) === 0n;
}

const [timestamp, duration] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** CEL's conversions from one type to another. */
export function conversions(): CelLibrary {
  return {
    functions: [
      { signature: 'int(int): int', run: (value: bigint) => value },
      { signature: 'int(uint): int', run: (value: UnsignedInt) => toInt(value.valueOf()) },
      { signature: 'int(double): int', run: (value: number) => toInt(truncated(value)) },
      { signature: 'int(string): int', run: (text: string) => toInt(wholeOf(text)) },
      { signature: `int(${timestamp}): int`, run: (value: Date) => BigInt(Math.floor(value.getTime() / 1_000)) },
      { signature: `int(${duration}): int`, run: (value: Duration) => value.seconds },
      { signature: 'uint(uint): uint', run: (value: UnsignedInt) => value },
      { signature: 'uint(int): uint', run: toUint },
      { signature: 'uint(double): uint', run: (value: number) => toUint(truncated(value)) },
      { signature: 'uint(string): uint', run: (text: string) => toUint(wholeOf(text)) },
      { signature: 'double(double): double', run: (value: number) => value },
      { signature: 'double(int): double', run: (value: bigint) => Number(value) },
      { signature: 'double(uint): double', run: (value: UnsignedInt) => Number(value.valueOf()) },
      { signature: 'double(string): double', run: doubleOf },
      { signature: 'string(string): string', run: (value: string) => value },
      { signature: 'string(bool): string', run: (value: boolean) => String(value) },
      { signature: 'string(int): string', run: (value: bigint) => String(value) },
      { signature: 'string(uint): string', run: (value: UnsignedInt) => String(value.valueOf()) },
      { signature: 'string(double): string', run: doubleText },
      { signature: 'string(bytes): string', run: fromUtf8 },
      { signature: `string(${timestamp}): string`, run: timestampText },
      { signature: `string(${duration}): string`, run: (value: Duration) => durationText(nanosOf(value)) },
      { signature: 'bytes(bytes): bytes', run: (value: Uint8Array) => value },
      { signature: 'bytes(string): bytes', run: toUtf8 },
      {
        signature: `${namespaceType('Optional')}.ofNonZeroValue(dyn): optional<dyn>`,
        run: (_optional: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
      },
    ],
  };
}

import { nanosOf } from '../arithmetic.ts';
import { Duration, UnsignedInt } from '../cel-js.ts';
import type { Meter } from '../meter.ts';
import { toUtf8 } from '../utf8.ts';
import { typeNameOf } from '../values.ts';
import { durationText, timestampText } from './time-text.ts';

/** Digits after the point that may be asked for: cel-go's own bound is 1,000; JavaScript writes 100. */
const maxPrecision = 100;
const defaultPrecision = 6;

/** CEL's `format`: `%s %d %f %.2e %b %x %X %o %%`. @throws Error where value and clause do not fit */
export function formatString(format: string, values: readonly unknown[], meter: Meter): string {
  const parts: string[] = [];
  let length = 0;
  const add = (part: string): void => {
    length += part.length;
    // Before the pieces are put together: they are what grows.
    meter.spendString(length === 0 ? 0 : part.length);
    if (length > 0) parts.push(part);
  };
  let used = 0;
  let rest = 0;
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', rest)) {
    add(format.slice(rest, at));
    if (format[at + 1] === '%') {
      add('%');
      rest = at + 2;
      continue;
    }
    const clause = /^%(?:\.([0-9]{1,3}))?([sdfebxXo])/.exec(format.slice(at, at + 6));
    if (clause === null) throw new Error(`format: unrecognized clause "${format.slice(at, at + 3)}"`);
    if (used >= values.length) throw new Error(`format: index ${String(used)} out of range`);
    add(clauseText(clause[2] as string, clause[1], values[used], meter));
    used += 1;
    rest = at + clause[0].length;
  }
  add(format.slice(rest));
  meter.spendString(length);
  return parts.join('');
}

function clauseText(verb: string, digits: string | undefined, value: unknown, meter: Meter): string {
  if (digits !== undefined && verb !== 'f' && verb !== 'e')
    throw new Error(`format: %.${digits}${verb} has no precision`);
  const precision = digits === undefined ? defaultPrecision : Number(digits);
  if (precision > maxPrecision)
    throw new Error(`format: a precision of ${String(precision)} is more than ${String(maxPrecision)}`);
  const whole =
    typeof value === 'bigint' ? value : value instanceof UnsignedInt ? (value.valueOf() as bigint) : undefined;
  switch (verb) {
    case 's':
      return textOf(value, meter, 0);
    case 'd':
      if (whole !== undefined) return String(whole);
      if (typeof value === 'number') return doubleText(value);
      break;
    case 'f':
    case 'e': {
      const number = whole === undefined ? value : Number(whole);
      if (typeof number === 'number') return doubleDigits(number, verb, precision);
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
      break;
    }
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      if (whole !== undefined) return whole.toString(2);
      break;
    case 'o':
      if (whole !== undefined) return whole.toString(8);
      break;
    default: {
      const hex =
        whole !== undefined
          ? whole.toString(16)
          : typeof value === 'string'
            ? hexOf(toUtf8(value))
            : value instanceof Uint8Array
              ? hexOf(value)
              : undefined;
      if (hex !== undefined) return verb === 'X' ? hex.toUpperCase() : hex;
    }
  }
  throw new Error(`format: %${verb} does not write a ${typeNameOf(value)}`);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (each) => each.toString(16).padStart(2, '0')).join('');
}

function doubleDigits(value: number, verb: 'f' | 'e', precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  // JavaScript's toFixed changes to exponents at 10^21; no Kubernetes object has such a number to print.
  if (verb === 'f') {
    if (Math.abs(value) >= 1e21) throw new Error('format: %f does not write a number of more than 21 digits');
    return fixed(value, precision);
  }
  return value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Halves go to the even digit, as in Go; JavaScript's toFixed takes the larger. 100 digits are exact enough to tell a half. */
function fixed(value: number, precision: number): string {
  const [whole = '', fraction = ''] = Math.abs(value).toFixed(100).split('.');
  if (precision === 100 || !/^50*$/.test(fraction.slice(precision))) return value.toFixed(precision);
  const truncated = precision === 0 ? whole : `${whole}.${fraction.slice(0, precision)}`;
  return /[02468]$/.test(truncated) ? `${value < 0 ? '-' : ''}${truncated}` : value.toFixed(precision);
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return String(value);
}

/** Lists within lists: what a person reads is shallower, and a recursion is bounded. */
const maxTextDepth = 100;

function textOf(value: unknown, meter: Meter, depth: number): string {
  meter.spend(1);
  if (depth > maxTextDepth) throw new Error(`format: %s writes at most ${String(maxTextDepth)} levels`);
  const paid = (text: string): string => {
    meter.spendString(text.length);
    return text;
  };
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return doubleText(value);
  if (typeof value === 'boolean' || typeof value === 'bigint' || value === null) return String(value);
  if (value instanceof UnsignedInt) return String(value.valueOf());
  if (value instanceof Uint8Array) return Array.from(value, (each) => String.fromCharCode(each)).join('');
  if (value instanceof Date) return timestampText(value);
  if (value instanceof Duration) return durationText(nanosOf(value));
  if (Array.isArray(value)) return paid(`[${value.map((each) => textOf(each, meter, depth + 1)).join(', ')}]`);
  if (value instanceof Map) {
    const entries = Array.from(value as Map<unknown, unknown>, ([key, each]) => {
      return `${textOf(key, meter, depth + 1)}: ${textOf(each, meter, depth + 1)}`;
    });
    return paid(`{${entries.sort().join(', ')}}`);
  }
  // cel-js's types print as Type<int>; CEL has them by their name.
  const type = /^Type<(.*)>$/.exec(String(value))?.[1];
  if (type !== undefined) return type === 'null' ? 'null_type' : type;
  throw new Error(`format: %s does not write a ${typeNameOf(value)}`);
}

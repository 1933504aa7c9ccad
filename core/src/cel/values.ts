import type { JsonValue } from '../kubernetes/object.ts';
import { Duration, Optional, UnsignedInt } from './cel-js.ts';
import type { Meter } from './meter.ts';

/** A value that knows when another equals it: what a library of ours adds to CEL's own types. */
export interface CelObject {
  equals(other: unknown): boolean;
}

function isCelObject(value: unknown): value is CelObject {
  return typeof value === 'object' && value !== null && typeof (value as { equals?: unknown }).equals === 'function';
}

export const minInt = -(2n ** 63n);
export const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

export function toInt(value: bigint): bigint {
  if (value < minInt || value > maxInt) throw new Error('integer overflow');
  return value;
}

/** An index that a list or string can have. An int beyond 2^53 is none of these, and must not become one by rounding. */
export function toIndex(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)
    ? value > 0n
      ? Number.MAX_SAFE_INTEGER
      : Number.MIN_SAFE_INTEGER
    : Number(value);
}

export function toUint(value: bigint): UnsignedInt {
  if (value < 0n || value > maxUint) throw new Error('unsigned integer overflow');
  return new UnsignedInt(value);
}

export function typeNameOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'object':
      if (value === null) return 'null_type';
      if (Array.isArray(value)) return 'list';
      if (value instanceof Map) return 'map';
      if (value instanceof Uint8Array) return 'bytes';
      if (value instanceof UnsignedInt) return 'uint';
      if (value instanceof Date) return 'google.protobuf.Timestamp';
      if (value instanceof Duration) return 'google.protobuf.Duration';
      if (value instanceof Optional) return 'optional_type';
      return value.constructor.name;
    default:
      return typeof value;
  }
}

/**
 * JSON as CEL sees it: whole numbers are ints, objects are maps. What was converted once is not converted again, so that
 * reading many places of one object costs no more than reading it whole.
 */
export function fromJson(value: JsonValue, known: Map<object, unknown>, meter: Meter): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  let converted: unknown;
  if (Array.isArray(value)) {
    meter.spend(value.length / 4);
    converted = value.map((each) => fromJson(each, known, meter));
  } else {
    // A Map, because an object with a key `__proto__` would lose it on assignment.
    const map = new Map<string, unknown>();
    const keys = Object.keys(value);
    meter.spend(keys.length / 2);
    for (const key of keys) map.set(key, fromJson(value[key] as JsonValue, known, meter));
    converted = map;
  }
  known.set(value, converted);
  return converted;
}

function numberOf(value: unknown): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof UnsignedInt ? value.valueOf() : undefined;
}

function nanosecondsOf(duration: Duration): bigint {
  return duration.seconds * 1_000_000_000n + BigInt(duration.nanos);
}

/** CEL's equality: numbers as numbers whatever their type, lists and maps by what is in them, unlike types unequal. */
export function celEquals(a: unknown, b: unknown, meter: Meter): boolean {
  meter.spend(1);
  const number = numberOf(a);
  if (number !== undefined) {
    const other = numberOf(b);
    // Loose on purpose: JavaScript compares a bigint and a number by their exact values.
    // eslint-disable-next-line eqeqeq
    return other !== undefined && number == other;
  }
  if (typeof a === 'string') {
    if (typeof b !== 'string' || a.length !== b.length) return false;
    meter.spendCharacters(a.length);
    return a === b;
  }
  if (typeof a !== 'object' || a === null) return a === b;
  if (typeof b !== 'object' || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((each, i) => celEquals(each, b[i], meter));
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [key, value] of a) {
      const other: unknown = b.get(key);
      if (other === undefined || !celEquals(value, other, meter)) return false;
    }
    return true;
  }
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array) || a.length !== b.length) return false;
    meter.spendCharacters(a.length);
    return a.every((byte, i) => byte === b[i]);
  }
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && nanosecondsOf(a) === nanosecondsOf(b);
  if (a instanceof Optional) {
    if (!(b instanceof Optional) || a.hasValue() !== b.hasValue()) return false;
    return !a.hasValue() || celEquals(a.value(), b.value(), meter);
  }
  return isCelObject(a) ? a.equals(b) : a === b;
}

/** -1, 0 or 1; NaN where a NaN is compared, which is in no order. Throws for what CEL does not order. */
export function celCompare(a: unknown, b: unknown, meter: Meter): number {
  meter.spend(1);
  const left = orderedOf(a);
  const right = orderedOf(b);
  if (left !== undefined && right !== undefined) {
    if (typeof left === 'string' && typeof right === 'string') {
      meter.spendCharacters(Math.min(left.length, right.length));
      return compareStrings(left, right);
    }
    if (typeof left !== 'string' && typeof right !== 'string' && orderOf(a) === orderOf(b)) {
      return left < right ? -1 : left > right ? 1 : left === right || left >= right ? 0 : Number.NaN;
    }
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.spendCharacters(Math.min(a.length, b.length));
    for (let i = 0; i < a.length && i < b.length; i += 1) {
      const difference = (a[i] as number) - (b[i] as number);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(a.length - b.length);
  }
  throw new Error(`no such overload: ${typeNameOf(a)} and ${typeNameOf(b)} are in no order`);
}

function orderedOf(value: unknown): bigint | number | string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (value instanceof Duration) return nanosecondsOf(value);
  return numberOf(value);
}

function orderOf(value: unknown): string {
  return numberOf(value) === undefined ? typeNameOf(value) : 'number';
}

/** By code point, as CEL has it. JavaScript compares UTF-16 units, and so puts U+1F600 before U+FB00. */
function compareStrings(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === a.length || i === b.length) return Math.sign(a.length - b.length);
  const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
  const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
  if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
  return left < right ? -1 : 1;
}

/** A key as maps hold it: a whole double is the int that it equals, a uint likewise. */
export function keyOf(value: unknown): unknown {
  if (value instanceof UnsignedInt) return value.valueOf();
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return value;
}

export function isIn(value: unknown, collection: unknown, meter: Meter): boolean {
  if (Array.isArray(collection)) return collection.some((each) => celEquals(value, each, meter));
  if (collection instanceof Map) {
    meter.spend(1);
    if (typeof value === 'string') meter.spendCharacters(value.length);
    return collection.has(keyOf(value));
  }
  throw new Error(`no such overload: in ${typeNameOf(collection)}`);
}

/** The value of a key or index, undefined where there is none. Throws for what has neither. */
export function select(value: unknown, key: unknown): unknown {
  if (value instanceof Map) return value.get(keyOf(key));
  if (Array.isArray(value)) {
    const index = keyOf(key);
    if (typeof index !== 'bigint') throw new Error(`a list has no index of type ${typeNameOf(key)}`);
    return index < 0n || index >= BigInt(value.length) ? undefined : value[Number(index)];
  }
  // The namespaces of type names, `google.protobuf.Timestamp`, are plain objects of the CEL library's own.
  if (typeof value === 'object' && value !== null && value.constructor === Object && typeof key === 'string') {
    return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  throw new Error(`No such key: ${typeof key === 'string' ? key : typeNameOf(key)}`);
}

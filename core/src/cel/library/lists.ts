import { calculate, durationOfNanos } from '../arithmetic.ts';
import { Duration, UnsignedInt } from '../cel-js.ts';
import { namespaceType, type CelLibrary } from '../library.ts';
import type { Meter } from '../meter.ts';
import { celCompare, celEquals, isIn, toIndex } from '../values.ts';

export function indexInList(list: readonly unknown[], value: unknown, meter: Meter): bigint {
  return BigInt(list.findIndex((each) => celEquals(each, value, meter)));
}

export function lastIndexInList(list: readonly unknown[], value: unknown, meter: Meter): bigint {
  return BigInt(list.findLastIndex((each) => celEquals(each, value, meter)));
}

function isSorted(list: readonly unknown[], meter: Meter): boolean {
  return list.every((each, i) => i === 0 || celCompare(list[i - 1], each, meter) !== 1);
}

/** The element that no other precedes in the order `sign` (1: ascending). Of equal ones the first. */
function extreme(list: readonly unknown[], sign: 1 | -1, name: string, meter: Meter): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((best, each) => (celCompare(best, each, meter) === sign ? each : best));
}

/** An empty list's sum is an int 0, since nothing in it says otherwise. */
function sum(list: readonly unknown[], meter: Meter): unknown {
  const [first] = list;
  if (first === undefined) return 0n;
  if (
    typeof first !== 'bigint' &&
    typeof first !== 'number' &&
    !(first instanceof UnsignedInt) &&
    !(first instanceof Duration)
  ) {
    throw new Error('sum() is for numbers and durations');
  }
  if (first instanceof Duration)
    return list.reduce((total, each) => calculate('+', total, each, meter), durationOfNanos(0n));
  return list.slice(1).reduce((total, each) => calculate('+', total, each, meter), first);
}

function slice(list: readonly unknown[], start: bigint, end: bigint, meter: Meter): unknown[] {
  const [from, to] = [toIndex(start), toIndex(end)];
  if (from < 0 || to < from || to > list.length) {
    throw new Error(`cannot slice(${String(start)}, ${String(end)}), list is length ${String(list.length)}`);
  }
  meter.spend(to - from);
  return list.slice(from, to);
}

/** Deeper than any list that a person writes; the recursion takes no more of the stack than that. */
const maxFlattenDepth = 100n;

function flatten(list: readonly unknown[], depth: bigint, meter: Meter, into: unknown[] = []): unknown[] {
  if (depth < 0n) throw new Error('level must be non-negative');
  if (depth > maxFlattenDepth) throw new Error(`flatten() goes at most ${String(maxFlattenDepth)} levels deep`);
  for (const each of list) {
    meter.spend(1);
    if (Array.isArray(each) && depth > 0n) flatten(each, depth - 1n, meter, into);
    else into.push(each);
  }
  return into;
}

/** Each value once. Text and whole numbers are looked up, the rest is compared, and paid for. */
function distinct(list: readonly unknown[], meter: Meter): unknown[] {
  const seen = new Set<unknown>();
  const others: unknown[] = [];
  return list.filter((each) => {
    meter.spend(1);
    if (typeof each === 'string') meter.spendCharacters(each.length);
    if (typeof each === 'string' || typeof each === 'boolean') {
      if (seen.has(each)) return false;
      seen.add(each);
      return true;
    }
    if (others.some((other) => celEquals(each, other, meter))) return false;
    others.push(each);
    return true;
  });
}

function sort(list: readonly unknown[], meter: Meter): unknown[] {
  const [first] = list;
  if (first === undefined) return [];
  // One alone is compared with nothing, and must be of a kind that could be.
  celCompare(first, first, meter);
  return list.toSorted((a, b) => celCompare(a, b, meter));
}

function range(size: bigint, meter: Meter): bigint[] {
  if (size < 0n) throw new Error(`lists.range: size must be non-negative, got ${String(size)}`);
  const length = toIndex(size);
  meter.spend(length);
  return Array.from({ length }, (_, i) => BigInt(i));
}

/** Kubernetes' list functions, and cel-go's lists extension, version 3. `indexOf` stands with the strings. */
export function lists(meter: Meter): CelLibrary {
  return {
    namespaces: ['lists'],
    functions: [
      { signature: 'list.isSorted(): bool', run: (list: unknown[]) => isSorted(list, meter) },
      { signature: 'list.sum(): dyn', run: (list: unknown[]) => sum(list, meter) },
      { signature: 'list.min(): dyn', run: (list: unknown[]) => extreme(list, 1, 'min', meter) },
      { signature: 'list.max(): dyn', run: (list: unknown[]) => extreme(list, -1, 'max', meter) },
      {
        signature: 'dyn.includes(dyn): bool',
        run: (on: unknown, value: unknown) =>
          Array.isArray(on) ? isIn(value, on, meter) : celEquals(on, value, meter),
      },
      {
        signature: 'list.slice(int, int): list<dyn>',
        run: (list: unknown[], start: bigint, end: bigint) => slice(list, start, end, meter),
      },
      { signature: 'list.flatten(): list<dyn>', run: (list: unknown[]) => flatten(list, 1n, meter) },
      {
        signature: 'list.flatten(int): list<dyn>',
        run: (list: unknown[], depth: bigint) => flatten(list, depth, meter),
      },
      { signature: 'list.distinct(): list<dyn>', run: (list: unknown[]) => distinct(list, meter) },
      { signature: 'list.sort(): list<dyn>', run: (list: unknown[]) => sort(list, meter) },
      {
        signature: 'list.reverse(): list<dyn>',
        run: (list: unknown[]) => {
          meter.spend(list.length);
          return list.toReversed();
        },
      },
      {
        signature: `${namespaceType('lists')}.range(int): list<int>`,
        run: (_lists: unknown, size: bigint) => range(size, meter),
      },
    ],
  };
}

import type { CelLibrary } from '../library.ts';
import { namespaceType } from '../library.ts';
import type { Meter } from '../meter.ts';
import { toIndex, typeNameOf } from '../values.ts';
import { formatString } from './format-string.ts';
import { indexInList, lastIndexInList } from './lists.ts';

/** Characters are code points in CEL. Only a text that has others than JavaScript's own units is taken apart. */
function pointsOf(text: string): string | string[] {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function textOf(points: string | readonly string[]): string {
  return typeof points === 'string' ? points : points.join('');
}

function boundedIndex(value: bigint, length: number): number {
  const index = toIndex(value);
  if (index < 0 || index > length) throw new Error(`index out of range: ${String(value)}`);
  return index;
}

function charAt(text: string, at: bigint): string {
  const points = pointsOf(text);
  return points[boundedIndex(at, points.length)] ?? '';
}

/** How many code points stand before a place that is counted in units. */
function pointsBefore(text: string, units: number): bigint {
  return units < 0 ? -1n : BigInt(pointsOf(text.slice(0, units)).length);
}

function unitsBefore(text: string, points: bigint): number {
  const all = pointsOf(text);
  return textOf(all.slice(0, boundedIndex(points, all.length))).length;
}

function substring(text: string, start: bigint, end?: bigint): string {
  const points = pointsOf(text);
  const from = boundedIndex(start, points.length);
  const to = end === undefined ? points.length : boundedIndex(end, points.length);
  if (to < from) throw new Error(`invalid substring range: ${String(start)}, ${String(to)}`);
  return textOf(points.slice(from, to));
}

/** As Go's strings.SplitN: characters where there is no separator, the rest in one piece where the limit is reached. */
function split(text: string, separator: string, limit: bigint, meter: Meter): string[] {
  const most = limit < 0n ? Number.MAX_SAFE_INTEGER : toIndex(limit);
  if (most === 0) return [];
  // A piece is as good as an element, however short it is.
  const pieces = separator === '' ? Array.from(text) : text.split(separator);
  meter.spend(pieces.length);
  if (pieces.length <= most) return pieces;
  return [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(separator)];
}

function replace(text: string, old: string, replacement: string, limit: bigint, meter: Meter): string {
  let most = limit < 0n ? Number.MAX_SAFE_INTEGER : toIndex(limit);
  if (most === 0) return text;
  if (old === '') {
    // As Go has it: before every character, and at the end.
    const points = Array.from(text);
    most = Math.min(most, points.length + 1);
    meter.spendString(text.length + most * replacement.length);
    const parts = points.map((each, i) => (i < most ? replacement + each : each));
    return parts.join('') + (most > points.length ? replacement : '');
  }
  const pieces = split(text, old, BigInt(most) + 1n, meter);
  meter.spendString(text.length + (pieces.length - 1) * Math.max(0, replacement.length - old.length));
  return pieces.join(replacement);
}

function join(list: readonly unknown[], separator: string, meter: Meter): string {
  let length = 0;
  for (const each of list) {
    if (typeof each !== 'string') throw new Error(`join() is for strings, and the list has a ${typeNameOf(each)}`);
    length += each.length + separator.length;
  }
  meter.spend(list.length);
  meter.spendString(Math.max(0, length - separator.length));
  return list.join(separator);
}

const escapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
}; // prettier-ignore

export function quote(text: string): string {
  return `"${text.replace(/\p{Cs}/gu, '\ufffd').replace(/[\p{Cc}\\"]/gu, (each) => escapes[each] ?? each)}"`;
}

/** unicode.IsSpace, Go's: U+0085 is one, and U+FEFF, which JavaScript's trim takes away, is none. */
const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const isSpace = new RegExp(`^${space}$`);

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace.test(text[start] as string)) start += 1;
  while (end > start && isSpace.test(text[end - 1] as string)) end -= 1;
  return text.slice(start, end);
}

/** cel-go's strings extension, version 2 and `reverse`. */
export function strings(meter: Meter): CelLibrary {
  return {
    namespaces: ['strings'],
    functions: [
      { signature: 'string.charAt(int): string', run: charAt },
      {
        signature: 'string.indexOf(string): int',
        run: (text: string, sought: string) => pointsBefore(text, text.indexOf(sought)),
      },
      {
        signature: 'string.indexOf(string, int): int',
        run: (text: string, sought: string, from: bigint) =>
          pointsBefore(text, text.indexOf(sought, unitsBefore(text, from))),
      },
      {
        signature: 'string.lastIndexOf(string): int',
        run: (text: string, sought: string) => {
          meter.spendCharacters(sought.length);
          return pointsBefore(text, text.lastIndexOf(sought));
        },
      },
      {
        signature: 'string.lastIndexOf(string, int): int',
        run: (text: string, sought: string, from: bigint) =>
          pointsBefore(text, text.lastIndexOf(sought, unitsBefore(text, from))),
      },
      {
        signature: 'list.indexOf(dyn): int',
        run: (list: unknown[], value: unknown) => indexInList(list, value, meter),
      },
      {
        signature: 'list.lastIndexOf(dyn): int',
        run: (list: unknown[], value: unknown) => lastIndexInList(list, value, meter),
      },
      { signature: 'list.join(): string', run: (list: unknown[]) => join(list, '', meter) },
      {
        signature: 'list.join(string): string',
        run: (list: unknown[], separator: string) => join(list, separator, meter),
      },
      {
        signature: 'string.lowerAscii(): string',
        run: (text: string) => text.replace(/[A-Z]+/g, (each) => each.toLowerCase()),
      },
      {
        signature: 'string.upperAscii(): string',
        run: (text: string) => text.replace(/[a-z]+/g, (each) => each.toUpperCase()),
      },
      {
        signature: 'string.replace(string, string): string',
        run: (text: string, old: string, replacement: string) => replace(text, old, replacement, -1n, meter),
      },
      {
        signature: 'string.replace(string, string, int): string',
        run: (text: string, old: string, replacement: string, limit: bigint) =>
          replace(text, old, replacement, limit, meter),
      },
      {
        signature: 'string.split(string): list<string>',
        run: (text: string, separator: string) => split(text, separator, -1n, meter),
      },
      {
        signature: 'string.split(string, int): list<string>',
        run: (text: string, separator: string, limit: bigint) => split(text, separator, limit, meter),
      },
      { signature: 'string.substring(int): string', run: (text: string, start: bigint) => substring(text, start) },
      { signature: 'string.substring(int, int): string', run: substring },
      { signature: 'string.trim(): string', run: trim },
      {
        signature: 'string.format(list): string',
        run: (text: string, values: unknown[]) => formatString(text, values, meter),
      },
      { signature: 'string.reverse(): string', run: (text: string) => Array.from(text).reverse().join('') },
      {
        signature: `${namespaceType('strings')}.quote(string): string`,
        run: (_strings: unknown, text: string) => quote(text),
      },
    ],
  };
}

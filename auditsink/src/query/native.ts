import { HoldpointError } from '@holdpoint/core';

/** ClickHouse's Native format of a protocol version, made of what an engine writes without one. */

/** From here on, every block says of itself where in an aggregation it belongs. Source: its src/Core/ProtocolDefines.h. */
const withBlockInfo = 1;
/** And from here on, every column says whether it is serialised in a way of its own. Same source. */
const withCustomSerialization = 54_454;

/** No overflow row (field 1), no bucket (field 2: -1), the end (0). */
const blockInfo = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
const noCustomSerialization = Buffer.from([0]);

/**
 * Rewrites whole blocks of Native as a client of `version` reads them.
 *
 * @throws HoldpointError ERR_QUERY_REFUSED for a type whose length is not known here, and for bytes that are no whole blocks
 */
export function nativeOfVersion(blocks: Buffer, version: number): Buffer {
  const parts: Buffer[] = [];
  const cursor = new Cursor(blocks);
  while (cursor.at < blocks.length) {
    if (version >= withBlockInfo) parts.push(blockInfo);
    let from = cursor.at;
    const columns = cursor.varint();
    const rows = cursor.varint();
    for (let i = 0; i < columns; i += 1) {
      cursor.skip(cursor.varint());
      const type = cursor.text();
      if (version >= withCustomSerialization) {
        parts.push(blocks.subarray(from, cursor.at), noCustomSerialization);
        from = cursor.at;
      }
      if (rows > 0) {
        skipPrefix(cursor, type);
        skipColumn(cursor, type, rows);
      }
    }
    parts.push(blocks.subarray(from, cursor.at));
  }
  return Buffer.concat(parts);
}

class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  skip(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length)
      throw new HoldpointError('ERR_QUERY_REFUSED', 'Native: the block ends too early; ask for another format');
  }

  varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined)
        throw new HoldpointError('ERR_QUERY_REFUSED', 'Native: the block ends too early; ask for another format');
      this.at += 1;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.varint();
    const start = this.at;
    this.skip(length);
    return this.bytes.toString('utf8', start, this.at);
  }

  uint64(): number {
    const start = this.at;
    this.skip(8);
    return Number(this.bytes.readBigUInt64LE(start));
  }
}

/** Bytes a value. */
const widths: ReadonlyMap<string, number> = new Map([
  ...['UInt8', 'Int8', 'Bool', 'Enum8', 'Nothing'].map((name) => [name, 1] as const),
  ...['UInt16', 'Int16', 'Enum16', 'Date', 'BFloat16'].map((name) => [name, 2] as const),
  ...['UInt32', 'Int32', 'Float32', 'Date32', 'DateTime', 'IPv4', 'Decimal32', 'Time'].map(
    (name) => [name, 4] as const,
  ),
  ...['UInt64', 'Int64', 'Float64', 'DateTime64', 'Decimal64', 'Time64'].map((name) => [name, 8] as const),
  ...['UInt128', 'Int128', 'UUID', 'IPv6', 'Decimal128'].map((name) => [name, 16] as const),
  ...['UInt256', 'Int256', 'Decimal256'].map((name) => [name, 32] as const),
]);

/** What stands before a column's values: a version for each LowCardinality in it. */
function skipPrefix(cursor: Cursor, type: string): void {
  const { name, inner } = parse(type);
  if (name === 'LowCardinality') cursor.skip(8);
  else if (['Array', 'Nullable', 'Map', 'Tuple'].includes(name)) {
    for (const each of inner) skipPrefix(cursor, each);
  }
}

function skipColumn(cursor: Cursor, type: string, rows: number): void {
  const { name, inner } = parse(type);
  const [first = ''] = inner;
  switch (name) {
    case 'String':
      for (let i = 0; i < rows; i += 1) cursor.skip(cursor.varint());
      return;
    case 'FixedString':
      return cursor.skip(rows * Number(first));
    case 'Nullable':
      cursor.skip(rows);
      return skipColumn(cursor, first, rows);
    case 'Array': {
      const items = skipOffsets(cursor, rows);
      return items === 0 ? undefined : skipColumn(cursor, first, items);
    }
    case 'Map': {
      const items = skipOffsets(cursor, rows);
      if (items > 0) for (const each of inner) skipColumn(cursor, each, items);
      return;
    }
    case 'Tuple':
      for (const each of inner) skipColumn(cursor, each, rows);
      return;
    case 'LowCardinality':
      return skipDictionary(cursor, first);
    case 'Decimal': {
      const digits = Number(first);
      return cursor.skip(rows * (digits <= 9 ? 4 : digits <= 18 ? 8 : digits <= 38 ? 16 : 32));
    }
    default: {
      const width = widths.get(name) ?? (name.startsWith('Interval') ? 8 : undefined);
      if (width === undefined)
        throw new HoldpointError(
          'ERR_QUERY_REFUSED',
          `Native: ${type.slice(0, 60)} is not written here; ask for another format`,
        );
      cursor.skip(rows * width);
    }
  }
}

/** Offsets say where each row's items end; the last, how many there are. */
function skipOffsets(cursor: Cursor, rows: number): number {
  cursor.skip((rows - 1) * 8);
  return cursor.uint64();
}

/** The type of the indexes, the keys, then an index a row. */
function skipDictionary(cursor: Cursor, of: string): void {
  const width = 1 << (cursor.uint64() & 0xff);
  const keys = cursor.uint64();
  const { name, inner } = parse(of);
  if (keys > 0) skipColumn(cursor, name === 'Nullable' ? (inner[0] ?? '') : of, keys);
  const indexes = cursor.uint64();
  cursor.skip(indexes * width);
}

/** `Map(String, Array(UInt8))` is Map of two; an item of a Tuple may have a name before its type. */
function parse(type: string): { name: string; inner: string[] } {
  const open = type.indexOf('(');
  if (open === -1) return { name: type, inner: [] };
  const name = type.slice(0, open);
  const inner: string[] = [];
  let [depth, start, quoted] = [0, open + 1, false];
  for (let i = open; i < type.length; i += 1) {
    const character = type.charAt(i);
    if (character === "'" && type.charAt(i - 1) !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if ((character === ',' && depth === 1) || (character === ')' && depth === 0)) {
      inner.push(type.slice(start, i).trim());
      start = i + 1;
    }
  }
  return { name, inner: name === 'Tuple' ? inner.map((each) => each.replace(/^(?:\w+|`[^`]*`) (?=\w)/, '')) : inner };
}

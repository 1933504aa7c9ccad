/** One field of a message. Source: protobuf.dev, Encoding. */
export interface WireField {
  number: number;
  /** Of a length-delimited field: what it holds. */
  bytes: Buffer | undefined;
  /** Its tag and all. */
  whole: Buffer;
}

/** The fields of a message, in order; undefined when it is cut off, or uses what has been out of use for long (groups). */
export function fieldsOf(message: Buffer | undefined): WireField[] | undefined {
  if (message === undefined) return undefined;
  const fields: WireField[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varintAt(message, at);
    if (tag === undefined) return undefined;
    const size = sizeOf(message, tag.end, tag.value & 7);
    if (size === undefined || size.end > message.length) return undefined;
    const bytes = size.from === undefined ? undefined : message.subarray(size.from, size.end);
    fields.push({ number: tag.value >>> 3, bytes, whole: message.subarray(at, size.end) });
    at = size.end;
  }
  return fields;
}

/** What the last field of that number holds: of several, the last one counts. */
export function bytesOf(fields: readonly WireField[] | undefined, number: number): Buffer | undefined {
  return fields?.findLast((field) => field.number === number)?.bytes;
}

export function textOf(fields: readonly WireField[] | undefined, number: number): string {
  return bytesOf(fields, number)?.toString('utf8') ?? '';
}

export function lengthDelimited(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** Where a field ends that is of this wire type, and where what it holds begins. */
function sizeOf(message: Buffer, at: number, wireType: number): { from?: number; end: number } | undefined {
  if (wireType === 0) {
    const value = varintAt(message, at, 10);
    return value === undefined ? undefined : { end: value.end };
  }
  if (wireType === 1) return { end: at + 8 };
  if (wireType === 5) return { end: at + 4 };
  if (wireType !== 2) return undefined;
  const length = varintAt(message, at);
  return length === undefined ? undefined : { from: length.end, end: length.end + length.value };
}

/** Tags and lengths have 5 bytes at most; the value of a longer number is not told, only its end. */
function varintAt(message: Buffer, at: number, longest = 5): { value: number; end: number } | undefined {
  let value = 0;
  for (let read = 0; read < longest; read += 1) {
    const byte = message[at + read];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return { value, end: at + read + 1 };
  }
  return undefined;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

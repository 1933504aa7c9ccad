/** Formats that tell names, and some of them types, before the rows: how many lines or lists of names that are. */
const headers: Readonly<Record<string, number>> = { WithNamesAndTypes: 2, WithNames: 1 };

/**
 * How many bytes at the start of an output are its header, in the formats that have one, else 0. The embedded engine puts it
 * in front of every piece of a stream; a client wants it once.
 */
export function headerLength(format: string, piece: Uint8Array): number {
  const parts = Object.entries(headers).find(([suffix]) => format.endsWith(suffix))?.[1] ?? 0;
  if (parts === 0) return 0;
  return format.startsWith('RowBinary') ? binaryHeader(piece, parts) : textHeader(piece, parts);
}

/** Lines; a line feed within double quotes is part of a name (CSV), and the other formats escape it. */
function textHeader(piece: Uint8Array, lines: number): number {
  let [quoted, found] = [false, 0];
  for (const [i, byte] of piece.entries()) {
    if (byte === 0x22) quoted = !quoted;
    if (byte === 0x0a && !quoted) found += 1;
    if (found === lines) return i + 1;
  }
  return piece.length;
}

/** The number of columns, then their names, then perhaps their types: each a length and its bytes. */
function binaryHeader(piece: Uint8Array, lists: number): number {
  let at = 0;
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = piece[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) return value;
    }
  };
  const columns = varint();
  for (let i = 0; i < columns * lists && at < piece.length; i += 1) {
    const length = varint();
    at += length;
  }
  return Math.min(at, piece.length);
}

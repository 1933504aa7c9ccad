/** A piece of a JSON text. In order, and with a comma between two items, they are the text. */
export type Piece =
  /** Up to and with the `[` that opens `items` or `rows`. */
  | { kind: 'head'; bytes: Buffer }
  | { kind: 'item'; bytes: Buffer }
  /** From the `]` on. Without a head before it: the whole text, which is no list. */
  | { kind: 'tail'; bytes: Buffer };

/** Cuts a list into its items as its bytes come, so that no list is ever held whole. */
export interface ItemCutter {
  push(chunk: Buffer): Piece[];
  /** What is left. A list that was cut off has no tail. */
  end(): Piece[];
  /** Bytes held back: a head, an item, or a tail that is not complete. */
  held(): number;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openMap, closeMap] = [0x5b, 0x5d, 0x7b, 0x7d];
const longestWord = 'items'.length;

/**
 * Reads brackets and strings alone; whether the text is JSON is for whoever parses the pieces. Its state goes on from one
 * chunk to the next, so the pieces are the same wherever the chunks were split.
 */
export function createItemCutter(): ItemCutter {
  let within: 'head' | 'items' | 'tail' = 'head';
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The string at depth 1 that was read last, as far as it could be `items` or `rows`. */
  let word = '';
  let key = '';
  let kept: Buffer[] = [];
  let keptBytes = 0;

  const keep = (bytes: Buffer): void => {
    if (bytes.length === 0) return;
    kept.push(bytes);
    keptBytes += bytes.length;
  };
  const take = (): Buffer => {
    const bytes = kept.length === 1 && kept[0] !== undefined ? kept[0] : Buffer.concat(kept, keptBytes);
    kept = [];
    keptBytes = 0;
    return bytes;
  };

  return {
    held: () => keptBytes,
    push(chunk) {
      const pieces: Piece[] = [];
      let from = 0;
      const cut = (kind: Piece['kind'], to: number): void => {
        keep(chunk.subarray(from, to));
        from = to;
        pieces.push({ kind, bytes: take() });
      };
      for (let at = 0; at < chunk.length && within !== 'tail'; at += 1) {
        const byte = chunk[at];
        if (inString) {
          // Most of a list is values: past the depth at which names are read, one comparison a byte.
          if (!escaped && (depth !== 1 || within !== 'head')) at = endOfPlain(chunk, at);
          if (at === chunk.length) break;
          const inner = chunk[at];
          if (escaped) escaped = false;
          else if (inner === backslash) {
            escaped = true;
            word = ' '; // Written with an escape: no name that is looked for.
          } else if (inner === quote) inString = false;
          else if (depth === 1 && within === 'head' && word.length <= longestWord)
            word += String.fromCharCode(inner ?? 0);
        } else if (byte === quote) {
          inString = true;
          word = '';
        } else if (byte === openMap || byte === openList) {
          if (byte === openList && within === 'head' && depth === 1 && (key === 'items' || key === 'rows')) {
            cut('head', at + 1);
            within = 'items';
            depth = 0;
          } else depth += 1;
        } else if (byte === closeMap || byte === closeList) {
          if (within === 'items' && depth === 0) {
            if (!isBlank(kept, chunk.subarray(from, at))) cut('item', at);
            within = 'tail';
          } else depth -= 1;
        } else if (byte === colon) {
          if (depth === 1) key = word;
        } else if (byte === comma) {
          if (within === 'head' && depth === 1) key = '';
          if (within === 'items' && depth === 0) {
            cut('item', at);
            from = at + 1;
          }
        }
      }
      keep(chunk.subarray(from));
      return pieces;
    },
    end() {
      return within === 'items' || keptBytes === 0 ? [] : [{ kind: 'tail', bytes: take() }];
    },
  };
}

/** The next quote or backslash from here on, or the chunk's end. */
function endOfPlain(chunk: Buffer, from: number): number {
  let at = from;
  while (at < chunk.length && chunk[at] !== quote && chunk[at] !== backslash) at += 1;
  return at;
}

function isBlank(kept: readonly Buffer[], rest: Buffer): boolean {
  return [...kept, rest].every((bytes) => bytes.every((byte) => byte <= 0x20));
}

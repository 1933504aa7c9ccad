import { createItemGatherer } from './item-gatherer.ts';
import type { ScannedItem } from './scanned-item.ts';

/** One line of a log. */
export interface ScannedLine {
  /** Undefined for an empty line. */
  item: ScannedItem | undefined;
  /** Bytes from the beginning of the scan to behind the line's end. */
  end: number;
}

/** Cuts a log into lines while it is read, whatever the pieces. Holds no more than one line's limit. */
export interface LineScanner {
  /** To be iterated to its end before the next piece. */
  scan(bytes: Buffer): Generator<ScannedLine>;
  /** What stands behind the last line's end, where nothing will ever be added to it. */
  rest(): ScannedLine | undefined;
}

const lineFeed = 0x0a;

export function createLineScanner(maxLineBytes: number): LineScanner {
  const gatherer = createItemGatherer(maxLineBytes);
  let base = 0;
  let length = 0;
  const take = (end: number): ScannedLine => {
    const isEmpty = length === 0;
    length = 0;
    return { item: isEmpty ? undefined : gatherer.take(), end };
  };
  const add = (piece: Buffer): void => {
    if (piece.length === 0) return;
    gatherer.add(piece);
    length += piece.length;
  };
  return {
    *scan(bytes) {
      let at = 0;
      for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, at)) {
        add(bytes.subarray(at, end));
        at = end + 1;
        yield take(base + at);
      }
      add(bytes.subarray(at));
      base += bytes.length;
    },
    rest: () => (length === 0 ? undefined : take(base)),
  };
}

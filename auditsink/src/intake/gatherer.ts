/** Puts the pieces of something together, up to a limit. */
export interface Gatherer {
  /** False when with this piece it would be longer than the limit: the piece is not taken. */
  add(piece: Buffer): boolean;
  /** All of it so far; the gatherer is empty then. */
  take(): Buffer;
  /** Bytes of memory in use. */
  heldBytes(): number;
}

/**
 * What comes in one piece is never copied. From the second piece on there is one growing buffer and not a list of pieces: a
 * sender may send a byte at a time, and a Buffer of one byte is a hundred bytes.
 */
export function createGatherer(maxBytes: number): Gatherer {
  let buffer: Buffer = Buffer.alloc(0);
  let length = 0;
  let isOurs = false;
  return {
    add(piece) {
      if (length + piece.length > maxBytes) return false;
      if (length === 0) {
        buffer = piece;
        isOurs = false;
      } else {
        if (!isOurs || length + piece.length > buffer.length) {
          const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(4_096, 2 * (length + piece.length))));
          buffer.copy(larger, 0, 0, length);
          buffer = larger;
          isOurs = true;
        }
        piece.copy(buffer, length);
      }
      length += piece.length;
      return true;
    },
    take() {
      const taken = buffer.subarray(0, length);
      buffer = Buffer.alloc(0);
      length = 0;
      return taken;
    },
    heldBytes: () => (length === 0 ? 0 : buffer.length),
  };
}

import { constants, createInflate } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';
import { unreadable } from './spdy-frames.ts';

/** Five headers of a few words each are all that remote commands have; a bomb ends here. */
const maxBlockBytes = 65_536;

/** Reads the header blocks of one direction. */
export interface HeaderBlocks {
  /** The next block's names, in lower case, and values. Rejects with ERR_MASK_UNREADABLE, now and ever after. */
  read(block: Buffer): Promise<ReadonlyMap<string, string>>;
  close(): void;
}

/** All header blocks of one direction are one zlib stream, flushed after each: they are read in order, every one of them. */
export function createHeaderBlocks(): HeaderBlocks {
  const inflate = createInflate({ dictionary: spdyDictionary(), finishFlush: constants.Z_SYNC_FLUSH });
  let pieces: Buffer[] = [];
  let size = 0;
  let problem: Error | undefined;
  inflate.on('data', (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size > maxBlockBytes) inflate.destroy(new Error(`more than ${String(maxBlockBytes)} bytes`));
  });
  inflate.on('error', (error) => (problem ??= error));

  const decompress = (block: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        inflate.off('close', settle);
        if (problem !== undefined || inflate.destroyed) {
          reject(unreadable(`has headers that cannot be decompressed (${problem?.message ?? 'closed'})`));
          return;
        }
        const whole = Buffer.concat(pieces, size);
        pieces = [];
        size = 0;
        resolve(whole);
      };
      inflate.once('close', settle);
      inflate.write(block);
      inflate.flush(constants.Z_SYNC_FLUSH, settle);
    });

  return {
    read: async (block) => readNames(await decompress(block)),
    close: () => inflate.destroy(),
  };
}

function readNames(block: Buffer): ReadonlyMap<string, string> {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw unreadable('has headers that are cut off');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > block.length) throw unreadable('has headers that are cut off');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left -= 1) {
    const name = text().toLowerCase();
    if (headers.has(name)) throw unreadable(`has the header ${JSON.stringify(name.slice(0, 64))} twice`);
    headers.set(name, text());
  }
  if (at !== block.length) throw unreadable('has more than its headers');
  return headers;
}

/** For tests: what clients and servers of remote commands write, byte for byte as kubectl and the kubelet do. */
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { controlTypes } from './spdy-frames.ts';
import { spdyDictionary } from './spdy-dictionary.ts';
import { serverFrame } from './websocket-frames.ts';

export interface FrameOptions {
  /** @default 2, binary */
  opcode?: number;
  /** @default true */
  fin?: boolean;
}

/** A server's WebSocket frame; also a fragment. */
export function serverSample(payload: Buffer, { opcode = 2, fin = true }: FrameOptions = {}): Buffer {
  const frame = serverFrame(opcode, [payload]);
  frame[0] = (fin ? 0x80 : 0) | opcode;
  return frame;
}

/** A client's: XORed with a key. */
export function clientSample(payload: Buffer, options: FrameOptions = {}): Buffer {
  const plain = serverSample(payload, options);
  const head = plain.subarray(0, plain.length - payload.length);
  head[1] = 0x80 | (head[1] ?? 0);
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  return Buffer.concat([head, key, payload.map((byte, at) => byte ^ (key[at & 3] ?? 0))]);
}

/** A SPDY control frame. */
export function controlSample(type: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head[4] = flags;
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** The client's opening of its streams, each with its type, as one compressed stream of headers. Streams are 1, 3, 5 … */
export async function openingSample(types: readonly string[]): Promise<Buffer> {
  const deflate = createDeflate({ dictionary: spdyDictionary() });
  const frames: Buffer[] = [];
  for (const [at, type] of types.entries()) {
    const opening = Buffer.alloc(10);
    opening.writeUInt32BE(2 * at + 1, 0);
    const block = await compressed(deflate, headerBlock({ streamtype: type }));
    frames.push(controlSample(controlTypes.synStream, Buffer.concat([opening, block])));
  }
  deflate.destroy();
  return Buffer.concat(frames);
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const text = (value: string): Buffer => Buffer.concat([number(value.length), Buffer.from(value, 'latin1')]);
  const entries = Object.entries(headers);
  return Buffer.concat([number(entries.length), ...entries.flatMap(([name, value]) => [text(name), text(value)])]);
}

/** What `deflate` makes of the bytes, flushed so that it can be read at once. */
export function compressed(deflate: Deflate, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const collect = (piece: Buffer): void => void pieces.push(piece);
    deflate.on('data', collect);
    deflate.once('error', reject);
    deflate.write(bytes);
    deflate.flush(constants.Z_SYNC_FLUSH, () => {
      deflate.off('data', collect);
      deflate.off('error', reject);
      resolve(Buffer.concat(pieces));
    });
  });
}

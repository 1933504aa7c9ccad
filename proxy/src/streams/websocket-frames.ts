import { HoldpointError } from '@holdpoint/core';
import { createFrameCutter } from './frame-cutter.ts';

/** One WebSocket frame as it passes by. Source: RFC 6455, section 5.2. */
export interface Frame {
  /** The frame's own bytes, as they came. */
  raw: Buffer;
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  opcode: number;
  fin: boolean;
  /** Unmasked: a client's frames are XORed with a key that stands before them. */
  payload: Buffer;
}

/** The API server's own WebSocket messages are at most 32 KiB; a frame past this is nobody's terminal. */
const maxPayloadBytes = 16 * 1_048_576;

/**
 * Reads frames. Throws ERR_MASK_UNREADABLE for a frame nobody agreed to (reserved bits or opcodes: an extension; a size beyond
 * reason).
 */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  return createFrameCutter(readFrame);
}

/** A frame as a server writes it: whole, and not XORed. */
export function serverFrame(opcode: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const first = 0x80 | opcode;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), ...parts]);
  const head = Buffer.alloc(length <= 0xffff ? 4 : 10);
  head[0] = first;
  if (length <= 0xffff) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, ...parts]);
}

/** The first frame, or how many bytes are needed to tell more. */
function readFrame(bytes: Buffer): Frame | number {
  if (bytes.length < 2) return 2;
  const [first = 0, second = 0] = bytes;
  if ((first & 0x70) !== 0) throw unreadable('uses an extension that was not agreed on');
  const opcode = first & 0x0f;
  if (opcode > 10 || (opcode > 2 && opcode < 8)) throw unreadable('is of a kind that does not exist');
  let header = 2;
  let length = second & 0x7f;
  if (length === 126) {
    header = 4;
    if (bytes.length < header) return header;
    length = bytes.readUInt16BE(2);
  } else if (length === 127) {
    header = 10;
    if (bytes.length < header) return header;
    const long = bytes.readBigUInt64BE(2);
    if (long > BigInt(maxPayloadBytes)) throw unreadable(`is larger than ${String(maxPayloadBytes)} bytes`);
    length = Number(long);
  }
  const masked = (second & 0x80) !== 0;
  const start = header + (masked ? 4 : 0);
  if (bytes.length < start + length) return start + length;
  const raw = bytes.subarray(0, start + length);
  const payload = masked ? unmask(raw.subarray(start), raw.subarray(header, start)) : raw.subarray(start);
  return { raw, opcode, fin: (first & 0x80) !== 0, payload };
}

function unmask(payload: Buffer, key: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(payload.length);
  for (let at = 0; at < payload.length; at += 1) plain[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0);
  return plain;
}

function unreadable(problem: string): HoldpointError {
  return new HoldpointError('ERR_MASK_UNREADABLE', `a WebSocket frame ${problem}, so it cannot be recorded`);
}

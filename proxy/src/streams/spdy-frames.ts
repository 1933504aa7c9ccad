import { HoldpointError } from '@holdpoint/core';
import { createFrameCutter } from './frame-cutter.ts';

/** Types of control frames. Source: the SPDY protocol, draft 3.1, section 2.6. */
export const controlTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** One SPDY/3.1 frame. `raw` is all of it, `payload` what stands behind its eight bytes of header. */
export type SpdyFrame =
  | { kind: 'data'; stream: number; fin: boolean; raw: Buffer; payload: Buffer }
  | { kind: 'control'; type: number; fin: boolean; raw: Buffer; payload: Buffer };

const headerBytes = 8;
const version = 3;
const finFlag = 0x01;
/** The lengths that a frame's three bytes can tell end here; kubelets write 32 KiB at a time. */
const maxDataBytes = 0xff_ffff;
/** Some headers of a stream, compressed, are a hundred bytes. */
const maxControlBytes = 65_536;
const known = new Set<number>(Object.values(controlTypes));

/** Reads frames. Throws ERR_MASK_UNREADABLE for another version, a frame of an unknown type or of a size beyond reason. */
export function createSpdyFrameReader(): (chunk: Buffer) => SpdyFrame[] {
  return createFrameCutter(readFrame);
}

function readFrame(bytes: Buffer): SpdyFrame | number {
  if (bytes.length < headerBytes) return headerBytes;
  const first = bytes.readUInt32BE(0);
  const fin = ((bytes[4] ?? 0) & finFlag) !== 0;
  const length = bytes.readUIntBE(5, 3);
  const isControl = first >>> 31 === 1;
  const type = first & 0xffff;
  if (isControl) {
    if (((first >>> 16) & 0x7fff) !== version) throw unreadable('is of another version than 3');
    if (!known.has(type)) throw unreadable(`is of the unknown type ${String(type)}`);
    if (length > maxControlBytes) throw unreadable(`is larger than ${String(maxControlBytes)} bytes`);
  }
  const end = headerBytes + length;
  if (bytes.length < end) return end;
  const raw = bytes.subarray(0, end);
  const payload = raw.subarray(headerBytes);
  return isControl ? { kind: 'control', type, fin, raw, payload } : { kind: 'data', stream: first, fin, raw, payload };
}

/** Data for a stream, in as many frames as its length needs. `fin` closes the stream from this side. */
export function dataFrames(stream: number, bytes: Buffer, fin: boolean): Buffer {
  const frames: Buffer[] = [];
  let at = 0;
  do {
    const piece = bytes.subarray(at, at + maxDataBytes);
    at += piece.length;
    const head = Buffer.alloc(headerBytes);
    head.writeUInt32BE(stream, 0);
    head[4] = fin && at === bytes.length ? finFlag : 0;
    head.writeUIntBE(piece.length, 5, 3);
    frames.push(head, piece);
  } while (at < bytes.length);
  return Buffer.concat(frames);
}

/** Says that no more streams will be opened, and why: 0 is "all is well". */
export function goAwayFrame(lastStream: number): Buffer {
  const frame = Buffer.alloc(headerBytes + 8);
  frame.writeUInt32BE((0x8000 | version) * 0x1_0000 + controlTypes.goAway, 0);
  frame.writeUIntBE(8, 5, 3);
  frame.writeUInt32BE(lastStream, headerBytes);
  return frame;
}

/** What cannot be read is not passed on. */
export function unreadable(problem: string): HoldpointError {
  return new HoldpointError('ERR_MASK_UNREADABLE', `a SPDY frame ${problem}, so it cannot be recorded`);
}

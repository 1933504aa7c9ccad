import type { Status } from '@holdpoint/core';
import {
  controlTypes,
  createSpdyFrameReader,
  dataFrames,
  goAwayFrame,
  unreadable,
  type SpdyFrame,
} from './spdy-frames.ts';
import { createHeaderBlocks } from './spdy-header-blocks.ts';
import { sizeOf, type ClientPart, type OutputKind, type ServerPart, type TerminalWire } from './terminal-wire.ts';

/** The header `streamtype`, by which the client says what a stream is for. Source: k8s.io/api/core/v1 types.go. */
type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';
const streamTypes = new Set<string>(['error', 'stdin', 'stdout', 'stderr', 'resize'] satisfies StreamType[]);
/** A command has five. */
const maxStreams = 16;
/** What is kept of sizes that do not end in a newline. */
const maxResizeBytes = 65_536;

/** A terminal over SPDY/3.1: the client opens a stream for each of stdin, stdout and so on, and says so in its headers. */
export function createSpdyWire(): TerminalWire {
  const [clientFrames, serverFrames] = [createSpdyFrameReader(), createSpdyFrameReader()];
  const headers = createHeaderBlocks();
  const streams = new Map<number, StreamType>();
  /** Of the server's. */
  const ended = new Set<number>();
  let resize = Buffer.alloc(0);

  const openStream = async ({ payload }: SpdyFrame): Promise<void> => {
    if (payload.length < 10) throw unreadable('opens a stream and is cut off');
    const stream = payload.readUInt32BE(0) & 0x7fff_ffff;
    const type = (await headers.read(payload.subarray(10))).get('streamtype');
    if (type === undefined || !isStreamType(type)) throw unreadable('opens a stream of no known type');
    if (streams.has(stream) || streams.size >= maxStreams) throw unreadable('opens one stream too many');
    streams.set(stream, type);
  };

  const resizes = (bytes: Buffer): string | undefined => {
    resize = Buffer.concat([resize, bytes]);
    const end = resize.lastIndexOf('\n');
    if (end < 0) {
      if (resize.length > maxResizeBytes) throw unreadable('has a terminal’s size without end');
      return undefined;
    }
    // Of several at once, the last is the one that stays.
    const begin = end === 0 ? 0 : resize.lastIndexOf('\n', end - 1) + 1;
    const size = sizeOf(resize.subarray(begin, end));
    resize = resize.subarray(end + 1);
    return size;
  };

  const readClient = async (frame: SpdyFrame): Promise<ClientPart> => {
    const { raw, payload } = frame;
    if (frame.kind === 'control') {
      if (frame.type === controlTypes.synStream) await openStream(frame);
      // Every header block, or the next could not be decompressed.
      if (frame.type === controlTypes.synReply || frame.type === controlTypes.headers) {
        await headers.read(payload.subarray(4));
      }
      return isPingOfClient(frame) ? { raw, pong: raw } : { raw };
    }
    const type = streams.get(frame.stream);
    if (type === 'stdin' && payload.length > 0) return { raw, event: { code: 'i', bytes: payload } };
    const size = type === 'resize' ? resizes(payload) : undefined;
    return size === undefined ? { raw } : { raw, event: { code: 'r', size } };
  };

  let isClosed = false;
  const readServer = (frame: SpdyFrame): ServerPart[] => {
    const { raw, payload } = frame;
    if (frame.kind === 'control') {
      if (frame.type === controlTypes.synStream || frame.type === controlTypes.headers) {
        throw unreadable('of the server’s opens a stream or adds headers to one');
      }
      if (frame.type === controlTypes.goAway) isClosed = true;
      if (frame.type === controlTypes.rstStream) return [...endOf(payload), { kind: 'pass', raw }];
      return [{ kind: isClosed ? 'close' : 'pass', raw }];
    }
    // What was held back has gone before the end: what came after it could go on with that.
    if (isClosed) throw unreadable('of the server’s comes after its last');
    const type = streams.get(frame.stream);
    if (type === undefined) throw unreadable('of the server’s is on a stream that nobody opened');
    if (ended.has(frame.stream)) throw unreadable('of the server’s is on a stream that it has ended');
    if (frame.fin) ended.add(frame.stream);
    // Whatever else a server may say is read like output: nothing passes unread.
    return [{ kind: 'output', stream: frame.stream, of: outputOf(type), bytes: payload, ends: frame.fin }];
  };
  /** A stream that is reset has ended: what was held back of it goes first. */
  const endOf = (payload: Buffer): ServerPart[] => {
    const stream = payload.length < 4 ? 0 : payload.readUInt32BE(0) & 0x7fff_ffff;
    const type = streams.get(stream);
    if (type === undefined || ended.has(stream)) return [];
    ended.add(stream);
    return [{ kind: 'output', stream, of: outputOf(type), bytes: Buffer.alloc(0), ends: true }];
  };

  return {
    async fromClient(chunk) {
      const parts: ClientPart[] = [];
      // One after the other: the headers are one compressed stream.
      for (const frame of clientFrames(chunk)) parts.push(await readClient(frame));
      return parts;
    },
    fromServer: async (chunk) => serverFrames(chunk).flatMap(readServer),
    frame: dataFrames,
    farewell(status: Status) {
      const ends = [...streams].map(([stream, type]) =>
        dataFrames(stream, Buffer.from(type === 'error' ? JSON.stringify(status) : ''), true),
      );
      return Buffer.concat([...ends, goAwayFrame(Math.max(0, ...streams.keys()))]);
    },
    close: headers.close,
  };
}

/** A client numbers its own with odd numbers; an even one answers a ping of the server's. A ping is answered by itself. */
function isPingOfClient({ raw, payload }: SpdyFrame): boolean {
  return raw.readUInt16BE(2) === controlTypes.ping && payload.length === 4 && payload.readUInt32BE(0) % 2 === 1;
}

function outputOf(type: StreamType): OutputKind {
  return type === 'error' ? 'status' : type === 'stderr' ? 'stderr' : 'stdout';
}

function isStreamType(type: string): type is StreamType {
  return streamTypes.has(type);
}

import { HoldpointError } from '@holdpoint/core';
import { sizeOf, type ClientPart, type OutputKind, type ServerPart, type TerminalWire } from './terminal-wire.ts';
import { createFrameReader, serverFrame, type Frame } from './websocket-frames.ts';

/** The first byte of a message. Source: apimachinery util/remotecommand/constants.go. */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;
const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Source: RFC 6455, section 7.4.1. */
const normalClosure = Buffer.from([0x03, 0xe8]);
/** Longer than any size; what is kept of a message that comes in fragments must have an end. */
const maxResizeBytes = 65_536;

/** `v4.channel.k8s.io` and `v5.channel.k8s.io`: each message's first byte says what the rest is. */
export function createWebSocketWire(): TerminalWire {
  const [clientFrames, serverFrames] = [createFrameReader(), createFrameReader()];
  const [readClient, readServer] = [createClientReader(), createServerReader()];
  return {
    fromClient: async (chunk) => clientFrames(chunk).map(readClient),
    fromServer: async (chunk) => serverFrames(chunk).map(readServer),
    frame: (stream, bytes) =>
      bytes.length === 0 ? bytes : serverFrame(opcodes.binary, [Buffer.from([stream]), bytes]),
    farewell: (status) =>
      Buffer.concat([
        serverFrame(opcodes.binary, [Buffer.from([channels.status]), Buffer.from(JSON.stringify(status))]),
        serverFrame(opcodes.close, [normalClosure]),
      ]),
    close: () => undefined,
  };
}

/** A piece of a message: its channel, once the first byte of the message has come. */
interface Piece {
  channel: number | undefined;
  bytes: Buffer;
  fin: boolean;
}

/** Puts fragments into their messages. Control frames may come between them, and are not asked about. */
function createMessageReader(): (frame: Frame) => Piece {
  let isOpen = false;
  let channel: number | undefined;
  return ({ opcode, fin, payload }) => {
    if (isOpen !== (opcode === 0)) throw unreadable('a fragment out of its order');
    if (!isOpen) channel = undefined;
    isOpen = !fin;
    if (channel !== undefined || payload.length === 0) return { channel, bytes: payload, fin };
    // The first byte of the message, wherever that is: a first fragment may be empty.
    channel = payload[0];
    return { channel, bytes: payload.subarray(1), fin };
  };
}

function createClientReader(): (frame: Frame) => ClientPart {
  const pieceOf = createMessageReader();
  let resize: Buffer[] = [];
  let resizeBytes = 0;
  return (frame) => {
    const { raw } = frame;
    if (frame.opcode === opcodes.ping) return { raw, pong: serverFrame(opcodes.pong, [frame.payload]) };
    if (frame.opcode >= opcodes.close) return { raw };
    const { channel, bytes, fin } = pieceOf(frame);
    if (channel === channels.stdin && bytes.length > 0) return { raw, event: { code: 'i', bytes } };
    if (channel !== channels.resize) return { raw };
    resize.push(bytes);
    resizeBytes += bytes.length;
    if (resizeBytes > maxResizeBytes) throw unreadable('a terminal’s size without end');
    if (!fin) return { raw };
    const size = sizeOf(Buffer.concat(resize));
    resize = [];
    resizeBytes = 0;
    return size === undefined ? { raw } : { raw, event: { code: 'r', size } };
  };
}

function createServerReader(): (frame: Frame) => ServerPart {
  const pieceOf = createMessageReader();
  let isClosed = false;
  return (frame) => {
    const { raw, opcode } = frame;
    // What was held back has gone before the close: what came after it could go on with that.
    if (isClosed) throw unreadable('a frame after the close');
    isClosed = opcode === opcodes.close;
    if (opcode >= opcodes.close) return { kind: opcode === opcodes.close ? 'close' : 'pass', raw };
    const { channel, bytes, fin } = pieceOf(frame);
    // Servers open a session with empty messages.
    if (opcode !== 0 && fin && bytes.length === 0) return { kind: 'pass', raw };
    if (channel === undefined) return { kind: 'pass', raw: Buffer.alloc(0) };
    // Whatever else a server may say is read like output: nothing passes unread.
    const of: OutputKind = channel === channels.status ? 'status' : channel === channels.stderr ? 'stderr' : 'stdout';
    return { kind: 'output', stream: channel, of, bytes, ends: fin && of === 'status' };
  };
}

function unreadable(what: string): HoldpointError {
  return new HoldpointError('ERR_MASK_UNREADABLE', `a terminal over WebSocket: ${what}, so it cannot be recorded`);
}

import { TextDecoder } from 'node:util';
import type { TerminalFrame } from '../recording/asciicast.ts';
import type { Frame } from './websocket-frames.ts';

/** No byte of the message has come yet. */
const none = -1;
/** The first byte of a message. Source: apimachinery util/remotecommand/constants.go. */
const channels = { stdin: 0, stdout: 1, stderr: 2, resize: 4 } as const;

/**
 * Reads one direction of `v4.channel.k8s.io` or `v5.channel.k8s.io` and tells what a terminal would show: output as "o",
 * input as "i", a new size as "r". Text is decoded across frames, so that a character split in two stays one.
 *
 * @param from whose frames these are: only the client types and resizes, only the server prints
 */
export function createTerminalReader(from: 'client' | 'server'): (frame: Frame, seconds: number) => TerminalFrame[] {
  const decoders = new Map<number, TextDecoder>();
  let channel = none;
  let resize: Buffer[] = [];

  return (frame, seconds) => {
    if (frame.opcode > 2) return []; // Control frames may come between the fragments of a message.
    let bytes = frame.payload;
    if (frame.opcode !== 0) channel = none;
    if (channel === none && bytes.length > 0) {
      // The first byte of the message, wherever that is: a first fragment may be empty.
      channel = bytes[0] ?? none;
      bytes = bytes.subarray(1);
    }
    if (from === 'client' && channel === channels.resize) {
      resize.push(bytes);
      if (!frame.fin) return [];
      const size = sizeOf(Buffer.concat(resize));
      resize = [];
      return size === undefined ? [] : [[seconds, 'r', size]];
    }
    const code = codeOf(from, channel);
    if (code === undefined || bytes.length === 0) return [];
    let decoder = decoders.get(channel);
    if (decoder === undefined) decoders.set(channel, (decoder = new TextDecoder()));
    const text = decoder.decode(bytes, { stream: true });
    return text === '' ? [] : [[seconds, code, text]];
  };
}

function codeOf(from: 'client' | 'server', channel: number): 'i' | 'o' | undefined {
  if (from === 'client') return channel === channels.stdin ? 'i' : undefined;
  return channel === channels.stdout || channel === channels.stderr ? 'o' : undefined;
}

/** `{"Width":80,"Height":24}` → asciicast's `80x24`. Source: client-go tools/remotecommand/resize.go. */
function sizeOf(message: Buffer): string | undefined {
  try {
    const { Width, Height } = JSON.parse(message.toString('utf8')) as { Width?: unknown; Height?: unknown };
    return Number.isInteger(Width) && Number.isInteger(Height) ? `${String(Width)}x${String(Height)}` : undefined;
  } catch {
    return undefined; // Nonsense from the client: the API server ignores it too.
  }
}

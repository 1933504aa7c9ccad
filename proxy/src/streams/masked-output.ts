import { TextDecoder } from 'node:util';
import { isJsonObject, type JsonValue, type Mask } from '@holdpoint/core';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { createMaskedBytes, type MaskedBytes } from './masked-bytes.ts';
import type { OutputKind, ServerPart, TerminalWire } from './terminal-wire.ts';

/** What goes on to the client, and what the recording tells of it. */
export interface Outgoing {
  raw: Buffer[];
  frames: TerminalFrame[];
}

/** The server's side of a terminal: masked, in frames of our own, in the server's order. */
export interface MaskedOutput {
  take(parts: readonly ServerPart[], seconds: number): Outgoing;
  /** The server is silent: for a moment, for long, for ever. */
  pause(seconds: number): Outgoing;
  settle(seconds: number): Outgoing;
  end(seconds: number): Outgoing;
  isHolding(): boolean;
}

interface OutputStream {
  of: OutputKind;
  bytes: MaskedBytes;
  decoder: TextDecoder;
}

type OutputPart = Extract<ServerPart, { kind: 'output' }>;
const printed: readonly OutputKind[] = ['stdout', 'stderr'];

export function createMaskedOutput(mask: Mask, wire: Pick<TerminalWire, 'frame'>): MaskedOutput {
  const streams = new Map<number, OutputStream>();
  const streamOf = (id: number, of: OutputKind): OutputStream => {
    let stream = streams.get(id);
    if (stream === undefined) {
      stream = { of, bytes: createMaskedBytes(mask), decoder: new TextDecoder() };
      streams.set(id, stream);
    }
    return stream;
  };
  const show = (id: number, bytes: Buffer, ends: boolean, seconds: number, to: Outgoing): void => {
    const stream = streams.get(id);
    if (stream === undefined || (bytes.length === 0 && !ends)) return;
    to.raw.push(wire.frame(id, bytes, ends));
    const text = stream.decoder.decode(bytes, { stream: !ends });
    if (stream.of === 'status') {
      const code = exitCodeOf(text);
      if (code !== undefined) to.frames.push([seconds, 'x', code]);
    } else if (text !== '') to.frames.push([seconds, 'o', text]);
  };
  const ask = (
    question: (bytes: MaskedBytes) => Buffer,
    of: readonly OutputKind[],
    seconds: number,
    to: Outgoing,
  ): Outgoing => {
    // By number: the order in which streams were first heard of depends on how their frames were cut.
    for (const [id, stream] of [...streams].sort(([a], [b]) => a - b))
      if (of.includes(stream.of)) show(id, question(stream.bytes), false, seconds, to);
    return to;
  };
  const everything = (seconds: number, to: Outgoing): Outgoing => {
    ask((bytes) => bytes.end(), printed, seconds, to);
    return ask((bytes) => bytes.end(), ['status'], seconds, to);
  };
  const takeOutput = (part: OutputPart, seconds: number, to: Outgoing): void => {
    // The status says that the command has ended, and clients go by it: what was printed comes first.
    if (part.of === 'status') ask((bytes) => bytes.end(), printed, seconds, to);
    const { bytes } = streamOf(part.stream, part.of);
    const shown = [bytes.push(part.bytes), ...(part.ends ? [bytes.end()] : [])];
    show(part.stream, Buffer.concat(shown), part.ends, seconds, to);
    if (part.ends) streams.delete(part.stream);
  };

  return {
    take(parts, seconds) {
      const to = nothing();
      for (const part of parts) {
        if (part.kind === 'output') takeOutput(part, seconds, to);
        else {
          if (part.kind === 'close') everything(seconds, to);
          to.raw.push(part.raw);
        }
      }
      return to;
    },
    // The status is read as one, when it is complete.
    pause: (seconds) => ask((bytes) => bytes.pause(), printed, seconds, nothing()),
    settle: (seconds) => ask((bytes) => bytes.settle(), printed, seconds, nothing()),
    end: (seconds) => everything(seconds, nothing()),
    isHolding: () => [...streams.values()].some(({ of, bytes }) => of !== 'status' && bytes.isHolding()),
  };
}

function nothing(): Outgoing {
  return { raw: [], frames: [] };
}

/**
 * The exit code that a session ends with, as text; undefined where the command never ran. Source: k8s.io/api, and
 * kubelet cri/streaming/remotecommand: a Status whose cause ExitCode carries it.
 */
function exitCodeOf(status: string): string | undefined {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(status) as JsonValue;
  } catch {
    return undefined; // Protocols before v4 say it in words.
  }
  if (!isJsonObject(parsed)) return undefined;
  if (parsed['status'] === 'Success') return '0';
  const details = isJsonObject(parsed['details']) ? parsed['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'] : [];
  const cause = causes.filter(isJsonObject).find((each) => each['reason'] === 'ExitCode');
  const code = cause?.['message'];
  return typeof code === 'string' && /^\d{1,3}$/.test(code) ? code : undefined;
}

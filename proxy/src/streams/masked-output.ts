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
  /** Of the status: what has been shown of it. */
  text: string;
}

/** A Status is small; of what is larger nobody reads an exit code. */
const maxStatusLength = 65_536;

export function createMaskedOutput(mask: Mask, wire: Pick<TerminalWire, 'frame'>): MaskedOutput {
  const streams = new Map<number, OutputStream>();
  const streamOf = (id: number, of: OutputKind): OutputStream => {
    let stream = streams.get(id);
    if (stream === undefined) {
      stream = { of, bytes: createMaskedBytes(mask), decoder: new TextDecoder(), text: '' };
      streams.set(id, stream);
    }
    return stream;
  };
  const show = (id: number, bytes: Buffer, ends: boolean, seconds: number, to: Outgoing): void => {
    const stream = streams.get(id);
    if (stream === undefined || (bytes.length === 0 && !ends)) return;
    to.raw.push(wire.frame(id, bytes, ends));
    const text = stream.decoder.decode(bytes, { stream: !ends });
    if (stream.of !== 'status') {
      if (text !== '') to.frames.push([seconds, 'o', text]);
      return;
    }
    if (stream.text.length + text.length <= maxStatusLength) stream.text += text;
    const code = ends ? exitCodeOf(stream.text) : undefined;
    if (code !== undefined) to.frames.push([seconds, 'x', code]);
  };
  const printed = (ask: (bytes: MaskedBytes) => Buffer, seconds: number, to = nothing()): Outgoing => {
    for (const [id, { of, bytes }] of streams) {
      // The status is read as one, when it is complete.
      if (of !== 'status') show(id, ask(bytes), false, seconds, to);
    }
    return to;
  };

  return {
    take(parts, seconds) {
      const to = nothing();
      for (const part of parts) {
        // The status says that the command has ended, and clients go by it: what it printed comes first.
        if (part.kind === 'close' || (part.kind === 'output' && part.of === 'status')) {
          printed((bytes) => bytes.end(), seconds, to);
        }
        if (part.kind !== 'output') to.raw.push(part.raw);
        else {
          const { bytes } = streamOf(part.stream, part.of);
          const shown = bytes.push(part.bytes);
          show(part.stream, part.ends ? Buffer.concat([shown, bytes.end()]) : shown, part.ends, seconds, to);
          if (part.ends) streams.delete(part.stream);
        }
      }
      return to;
    },
    pause: (seconds) => printed((bytes) => bytes.pause(), seconds),
    settle: (seconds) => printed((bytes) => bytes.settle(), seconds),
    end(seconds) {
      const to = printed((bytes) => bytes.end(), seconds);
      for (const [id, { bytes }] of streams) show(id, bytes.end(), false, seconds, to);
      return to;
    },
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

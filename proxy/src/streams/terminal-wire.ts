import type { Status } from '@holdpoint/core';

/** What the client said: what is forwarded, and what of it a terminal's recording should tell. */
export interface ClientPart {
  raw: Buffer;
  /** What was typed, or a new size as asciicast writes it (`80x24`). */
  event?: { code: 'i'; bytes: Buffer } | { code: 'r'; size: string };
  /** Of a ping: what the server would answer. */
  pong?: Buffer;
}

export type OutputKind = 'stdout' | 'stderr' | 'status';

/** What the server said, in order. */
export type ServerPart =
  /** Nothing that a terminal shows: forwarded as it came. */
  | { kind: 'pass'; raw: Buffer }
  /** Nothing comes after it: all that was held back goes before. */
  | { kind: 'close'; raw: Buffer }
  /** Bytes of one stream; `ends` with the last of them. They go on in frames of our own. */
  | { kind: 'output'; stream: number; of: OutputKind; bytes: Buffer; ends: boolean };

/**
 * How a terminal's session is written down on a connection. Both readers reject with ERR_MASK_UNREADABLE for what they cannot
 * read: what cannot be read is not passed on.
 */
export interface TerminalWire {
  fromClient(chunk: Buffer): Promise<ClientPart[]>;
  fromServer(chunk: Buffer): Promise<ServerPart[]>;
  /** A frame that carries output to the client. `ends`: as the part that it comes from. */
  frame(stream: number, bytes: Buffer, ends: boolean): Buffer;
  /** What tells the client why its session ends here. */
  farewell(status: Status): Buffer;
  /** Gives back what reading took. */
  close(): void;
}

/** A terminal's size is some thirty bytes. */
const maxSizeBytes = 1_024;

/** `{"Width":80,"Height":24}` → asciicast's `80x24`; undefined for nonsense, which the API server ignores too. Source: client-go tools/remotecommand/resize.go. */
export function sizeOf(message: Buffer): string | undefined {
  if (message.length > maxSizeBytes) return undefined;
  try {
    const { Width, Height } = JSON.parse(message.toString('utf8')) as { Width?: unknown; Height?: unknown };
    return isSize(Width) && isSize(Height) ? `${String(Width)}x${String(Height)}` : undefined;
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { TextDecoder } from 'node:util';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { gatheredChunks, type Backlog } from './gathered-chunks.ts';
import type { MaskedOutput, Outgoing } from './masked-output.ts';
import type { ClientPart, TerminalWire } from './terminal-wire.ts';

/** Where one direction's bytes come from, and where they go. */
export interface Direction {
  source: Duplex;
  sink: Duplex;
  /** Bytes that arrived with the upgrade. */
  head: Buffer;
}

/** What both directions need besides. */
export interface PumpOptions {
  /** Since the recording began. */
  seconds: () => number;
  /** Resolves when the frames are safe; nothing goes on before. */
  record: (frames: TerminalFrame[]) => Promise<void>;
}

export interface InputOptions extends PumpOptions {
  recordInput: boolean;
  /** Whether a ping has been answered here, so that it need not go on. */
  answered: (pong: Buffer) => boolean;
}

/** Frames that belong together arrive within this; a prompt that waits for it is still there at once for a person. */
const pauseMs = 30;
/** Whoever prints a token more slowly than this has its first half shown. */
const settleMs = 1_000;

/**
 * Carries what the client says: whole frames, each only after it is recorded. Resolves when the source ends; rejects when a
 * side breaks, or a frame cannot be read or recorded.
 */
export async function pumpInput(direction: Direction, wire: TerminalWire, options: InputOptions): Promise<void> {
  const decoder = new TextDecoder();
  const framesOf = ({ event }: ClientPart): TerminalFrame[] => {
    if (event === undefined) return [];
    if (event.code === 'r') return [[options.seconds(), 'r', event.size]];
    if (!options.recordInput) return [];
    const text = decoder.decode(event.bytes, { stream: true });
    return text === '' ? [] : [[options.seconds(), 'i', text]];
  };
  const pass = async (chunk: Buffer): Promise<void> => {
    const said = await wire.fromClient(chunk);
    const parts = said.filter(({ pong }) => pong === undefined || !options.answered(pong));
    await deliver({ raw: parts.map(({ raw }) => raw), frames: parts.flatMap(framesOf) }, direction.sink, options);
  };
  if (direction.head.length > 0) await pass(direction.head);
  for await (const chunk of gatheredChunks(direction.source)) await pass(chunk);
}

/**
 * The same for what the server says, masked. What the mask holds back goes on when the server has been silent for a while.
 * While one piece is on its way to the recorder and the client, the next is read and masked, and no more than that one.
 */
export async function pumpOutput(
  direction: Direction,
  wire: TerminalWire,
  output: MaskedOutput,
  options: PumpOptions & { backlog?: Backlog },
): Promise<void> {
  const { source, sink, head } = direction;
  let delivered = Promise.resolve();
  const pass = async (outgoing: Outgoing): Promise<void> => {
    await delivered;
    delivered = deliver(outgoing, sink, options);
    // A server that says nothing more would keep us from hearing that its last words could not be recorded.
    delivered.catch(() => source.destroy());
  };
  try {
    await readAll(source, head, wire, output, { ...options, pass });
  } finally {
    // Its last words go on, whatever ended it.
    await delivered;
  }
}

/** Reads to the source's end, and passes what may go on. */
async function readAll(
  source: Duplex,
  head: Buffer,
  wire: TerminalWire,
  output: MaskedOutput,
  {
    seconds,
    backlog,
    pass,
  }: Pick<PumpOptions, 'seconds'> & { backlog?: Backlog; pass: (outgoing: Outgoing) => Promise<void> },
): Promise<void> {
  const take = async (chunk: Buffer): Promise<void> => pass(output.take(await wire.fromServer(chunk), seconds()));
  const chunks = gatheredChunks(source, backlog);
  if (head.length > 0) await take(head);
  let next = chunks.next();
  let silentMs = 0;
  for (;;) {
    const waitMs = !output.isHolding() ? Infinity : silentMs === 0 ? pauseMs : settleMs;
    const arrived = await within(next, waitMs);
    if (arrived === undefined) {
      await pass(silentMs === 0 ? output.pause(seconds()) : output.settle(seconds()));
      silentMs += waitMs;
      continue;
    }
    if (arrived.done === true) break;
    await take(arrived.value);
    silentMs = 0;
    next = chunks.next();
  }
  await pass(output.end(seconds()));
}

/** Records, then sends, at the sink's pace. */
async function deliver({ raw, frames }: Outgoing, sink: Duplex, { record }: PumpOptions): Promise<void> {
  // A ping has nothing to record, and waits for nothing.
  if (frames.length > 0) await record(frames);
  if (sink.destroyed || sink.writableEnded || raw.length === 0) return;
  if (!sink.write(Buffer.concat(raw))) await drainOrClose(sink);
}

/** What the promise gives; undefined when it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  if (ms === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms))),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** A sink that is closed never drains. */
async function drainOrClose(sink: Duplex): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(sink, 'drain', { signal }), once(sink, 'close', { signal })]);
  } finally {
    over.abort();
  }
}

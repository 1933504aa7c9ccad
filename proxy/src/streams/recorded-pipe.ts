import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { TerminalFrame } from '../recording/asciicast.ts';
import { createTerminalReader } from './remote-command.ts';
import { createFrameReader } from './websocket-frames.ts';

/**
 * Carries one direction of a recorded session: whole frames only, and each only after `record` has resolved. Resolves
 * when the source ends; rejects when a side breaks, a frame cannot be read or cannot be recorded.
 *
 * @param head bytes that arrived with the upgrade
 * @param seconds since the recording began
 */
export async function pipeRecorded(
  source: Duplex,
  sink: Duplex,
  head: Buffer,
  from: 'client' | 'server',
  seconds: () => number,
  record: (frames: TerminalFrame[]) => Promise<void>,
): Promise<void> {
  const framesOf = createFrameReader();
  const terminal = createTerminalReader(from);
  const pass = async (chunk: Buffer): Promise<void> => {
    const frames = framesOf(chunk);
    if (frames.length === 0) return;
    const at = seconds();
    const recorded = frames.flatMap((frame) => terminal(frame, at));
    // A ping has nothing to record, and waits for nothing.
    if (recorded.length > 0) await record(recorded);
    if (sink.destroyed) return;
    if (!sink.write(Buffer.concat(frames.map((frame) => frame.raw)))) await drainOrClose(sink);
  };
  if (head.length > 0) await pass(head);
  for await (const chunk of source as AsyncIterable<Buffer>) await pass(chunk);
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

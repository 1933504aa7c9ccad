import type { Duplex } from 'node:stream';

/**
 * What is kept of a side that sends faster than the recorder acknowledges. A server that has said all and closed had better not be
 * left unread: whatever it is sent then, it answers with a reset, and what is unread is lost. So no ping goes to one that is behind.
 */
const maxGatheredBytes = 8 * 1_048_576;
/** One request to the recorder for so much costs little more than one for a frame; in JSON it may be six times as long. */
const maxChunkBytes = 1_048_576;

/** After so long without a byte, nothing more is waiting in the kernel to be read. */
const caughtUpMs = 50;

/** Whether a side may have said more than was read of it: from when it was not read any more until it is silent. */
export interface Backlog {
  isBehind: boolean;
}

/** The bytes of a stream, as they have come since the last were taken. Throws when the stream breaks off before its end. */
export async function* gatheredChunks(
  source: Duplex,
  backlog: Backlog = { isBehind: false },
): AsyncGenerator<Buffer, void, void> {
  const waiting: Buffer[] = [];
  let size = 0;
  let wake = (): void => undefined;
  const onData = (chunk: Buffer): void => {
    waiting.push(chunk);
    size += chunk.length;
    if (size >= maxGatheredBytes) {
      source.pause();
      backlog.isBehind = true;
    }
    wake();
  };
  const onChange = (): void => wake();
  const events = ['end', 'close', 'error'] as const;
  for (const event of events) source.on(event, onChange);
  source.on('data', onData);
  try {
    for (;;) {
      if (size > 0) {
        const taken: Buffer[] = [];
        let length = 0;
        while (length < maxChunkBytes && waiting[0] !== undefined) {
          length += waiting[0].length;
          taken.push(...waiting.splice(0, 1));
        }
        size -= length;
        if (size < maxGatheredBytes) source.resume();
        yield taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken, length);
      } else if (source.readableEnded) return;
      else if (source.errored) throw source.errored;
      else if (source.destroyed) throw brokenOff();
      else {
        const timer = backlog.isBehind ? setTimeout(() => (backlog.isBehind = false), caughtUpMs) : undefined;
        await new Promise<void>((resolve) => (wake = resolve));
        clearTimeout(timer);
      }
    }
  } finally {
    source.off('data', onData);
    for (const event of events) source.off(event, onChange);
  }
}

/** As Node's own iteration of a stream says it. */
function brokenOff(): Error {
  return Object.assign(new Error('the connection broke off'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}

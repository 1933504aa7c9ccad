import type { Duplex } from 'node:stream';

/**
 * What is kept of a side that sends faster than the recorder acknowledges. One request to the recorder for all of it costs little
 * more than one for a frame; and a server that has said all and closed must not be left unread, for the client's next ping
 * would have it answer with a reset, and what is unread then is lost.
 */
const maxGatheredBytes = 1_048_576;

/** The bytes of a stream, all that have come since the last were taken. Throws when the stream breaks off before its end. */
export async function* gatheredChunks(source: Duplex): AsyncGenerator<Buffer, void, void> {
  let waiting: Buffer[] = [];
  let size = 0;
  let wake = (): void => undefined;
  const onData = (chunk: Buffer): void => {
    waiting.push(chunk);
    size += chunk.length;
    if (size >= maxGatheredBytes) source.pause();
    wake();
  };
  const onChange = (): void => wake();
  const events = ['end', 'close', 'error'] as const;
  for (const event of events) source.on(event, onChange);
  source.on('data', onData);
  try {
    for (;;) {
      if (size > 0) {
        const chunk = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting, size);
        waiting = [];
        size = 0;
        source.resume();
        yield chunk;
      } else if (source.readableEnded) return;
      else if (source.errored) throw source.errored;
      else if (source.destroyed) throw brokenOff();
      else {
        await new Promise<void>((resolve) => (wake = resolve));
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

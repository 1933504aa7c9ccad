import type { IncomingMessage } from 'node:http';
import { HoldpointError } from '@holdpoint/core';

/**
 * Reads a whole request or response body. Rejects with ERR_BODY_TOO_LARGE past `maxBytes`, before more is buffered, and
 * with the stream's own error when the other side goes away.
 *
 * @param hold told of the bytes that are held by now; no more are read before it has resolved
 */
export async function readBody(
  message: IncomingMessage,
  maxBytes: number,
  hold: (bytes: number) => Promise<void> | undefined = () => undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new HoldpointError('ERR_BODY_TOO_LARGE', `the body is larger than ${String(maxBytes)} bytes`, {
        details: { maxBytes },
      });
    }
    chunks.push(chunk);
    const wait = hold(size);
    if (wait !== undefined) await wait;
  }
  return Buffer.concat(chunks, size);
}

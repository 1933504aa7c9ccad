import type { IncomingMessage } from 'node:http';
import { HoldpointError } from '@holdpoint/core';

/**
 * Reads a whole request or response body. Rejects with ERR_BODY_TOO_LARGE past `maxBytes`, before more is buffered, and
 * with the stream's own error when the other side goes away.
 */
export async function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
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
  }
  return Buffer.concat(chunks, size);
}

import { once } from 'node:events';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { sendJson } from '@holdpoint/platform';
import type { Status } from '@holdpoint/core';

/** Says no, unless the answer has begun: then the connection is cut, so that half an answer is not taken for a whole. */
export function sendStatus(response: ServerResponse, status: Status): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The request's body may still be on its way: without a fresh connection its bytes would be read as the next request.
  const close: Record<string, string> = response.req.complete ? {} : { connection: 'close' };
  sendJson(response, status.code, status, { ...close, ...retryAfter(status) });
}

/** As the API server does: client libraries wait by the header, not by the body. Source: responsewriters/writers.go. */
function retryAfter({ details }: Status): Record<string, string> {
  const { retryAfterSeconds } = details ?? {};
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

/** The same on a connection that asked for an upgrade, where there is no ServerResponse. */
export function sendStatusRaw(socket: Duplex, status: Status): void {
  const body = Buffer.from(JSON.stringify(status));
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${String(status.code)} ${STATUS_CODES[status.code] ?? 'Error'}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\nConnection: close\r\n\r\n`,
      ),
      body,
    ]),
  );
}

/** Writes and waits while the reader is slower than we are. Throws when the reader is gone. */
export async function write(sink: ServerResponse, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (!sink.write(bytes)) await once(sink, 'drain', { signal });
}

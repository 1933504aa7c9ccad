import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { HoldpointError } from '@holdpoint/core';

/** As much as is given out of a compressed body at a time. */
const outputChunkBytes = 64 * 1024;

/**
 * A request's body in pieces, uncompressed. Whoever stops reading early leaves the request as it is: it can still be answered.
 *
 * @param maxBytes of the uncompressed body: a few bytes of gzip can stand for gigabytes
 * @throws HoldpointError ERR_ENCODING_UNSUPPORTED, ERR_BODY_TOO_LARGE, ERR_AUDIT_EVENTS_INVALID when it is no whole gzip; and
 * the request's own error when its sender goes away
 */
export async function* decodedBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  // RFC 9110, 8.4.1.3: x-gzip is gzip.
  const isGzip = encoding === 'gzip' || encoding === 'x-gzip';
  if (!isGzip && encoding !== 'identity' && encoding !== '') {
    throw new HoldpointError(
      'ERR_ENCODING_UNSUPPORTED',
      `Content-Encoding: expected gzip or none, got ${JSON.stringify(encoding.slice(0, 100))}`,
    );
  }
  let size = 0;
  for await (const chunk of isGzip ? gunzipped(request) : piecesOf(request)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new HoldpointError('ERR_BODY_TOO_LARGE', `the body is larger than ${String(maxBytes)} bytes`, {
        details: { maxBytes },
      });
    }
    yield chunk;
  }
}

/** Ending the loop early must not destroy the request: that would close the connection before the answer. */
function piecesOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

async function* gunzipped(request: IncomingMessage): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: outputChunkBytes });
  let gone: unknown;
  const onError = (error: Error): void => {
    gone = error;
    gunzip.destroy(error);
  };
  const onClose = (): void => {
    if (!request.complete) onError(new Error('the sender has gone'));
  };
  request.on('error', onError);
  request.on('close', onClose);
  if (request.destroyed) onClose();
  request.pipe(gunzip);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    if (gone !== undefined) throw gone;
    throw new HoldpointError('ERR_AUDIT_EVENTS_INVALID', 'the body: expected whole gzip, as Content-Encoding says', {
      cause,
    });
  } finally {
    request.unpipe(gunzip);
    request.off('error', onError);
    request.off('close', onClose);
    gunzip.destroy();
  }
}

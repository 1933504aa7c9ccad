import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createGzip, type Gzip } from 'node:zlib';

export interface AnswerHead {
  format: string;
  contentType: string;
  queryId: string;
  gzip: boolean;
  /** Nothing is sent before the end, as long as it fits into memory. */
  waitForEnd: boolean;
  /** What the query took up to the first byte. */
  elapsedNs: () => number;
}

/** An answer that is being sent. */
export interface Answer {
  /** Resolves when the client has taken enough for more. */
  write(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
  /** True when a failure can still have a status of its own. */
  canFail(): boolean;
  /** Says within the answer that it is broken off, as ClickHouse does, and breaks it off. */
  breakOff(message: string): Promise<void>;
}

/** Collected before the first byte is sent, where the client asks for that. */
const maxCollectedBytes = 16 * 1024 * 1024;
const exceptionMarker = '__exception__';

export function createAnswer(response: ServerResponse, head: AnswerHead): Answer {
  const exceptionTag = randomBytes(8).toString('hex');
  let gzip: Gzip | undefined;
  let collected: Buffer[] | undefined = head.waitForEnd ? [] : undefined;
  let size = 0;

  const open = (isEmpty = false): NodeJS.WritableStream => {
    if (!response.headersSent) {
      const zipped = head.gzip && !isEmpty;
      response.writeHead(200, {
        'content-type': head.contentType,
        'x-clickhouse-query-id': head.queryId,
        'x-clickhouse-format': head.format,
        'x-clickhouse-timezone': 'UTC',
        'x-clickhouse-server-display-name': 'holdpoint',
        'x-clickhouse-exception-tag': exceptionTag,
        'x-clickhouse-summary': JSON.stringify({ elapsed_ns: String(head.elapsedNs()) }),
        'x-content-type-options': 'nosniff',
        // Readers of Native look for this where there is no row, not even a block without one.
        ...(isEmpty ? { 'content-length': '0' } : {}),
        ...(zipped ? { 'content-encoding': 'gzip', vary: 'accept-encoding' } : {}),
      });
      if (zipped) {
        gzip = createGzip({ level: 1 });
        gzip.pipe(response);
      }
    }
    return gzip ?? response;
  };
  const send = async (bytes: Buffer): Promise<void> => {
    const stream = open();
    if (stream.write(bytes) || response.destroyed) return;
    await Promise.race([once(stream, 'drain'), once(response, 'close')]);
  };
  const sendCollected = async (): Promise<void> => {
    const parts = collected ?? [];
    collected = undefined;
    for (const part of parts) await send(part);
  };
  return {
    async write(bytes) {
      size += bytes.length;
      if (collected === undefined) return await send(bytes);
      collected.push(bytes);
      if (size > maxCollectedBytes) await sendCollected();
    },
    async end() {
      await sendCollected();
      open(size === 0).end();
    },
    canFail: () => !response.headersSent,
    async breakOff(message) {
      const text = `${message}\n`;
      const length = Buffer.byteLength(text);
      const frame = `\r\n${exceptionMarker}\r\n${exceptionTag}\r\n${text}${String(length)} ${exceptionTag}\r\n${exceptionMarker}\r\n`;
      await send(Buffer.from(frame));
      // What is cut off must not look complete: the last chunk never comes.
      await new Promise<void>((resolve) => (gzip === undefined ? resolve() : gzip.flush(() => resolve())));
      response.write('', () => response.destroy());
    },
  };
}

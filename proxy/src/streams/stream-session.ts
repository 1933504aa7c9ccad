import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { warningHeader } from '../answer/answer-headers.ts';
import type { TerminalFrame } from '../recording/asciicast.ts';
import type { Recording } from '../recording/recording.ts';
import { pipeRecorded } from './recorded-pipe.ts';

/** One end of an upgraded connection, with what arrived before anyone listened. */
export interface StreamEnd {
  socket: Duplex;
  head: Buffer;
}

/** The 101 answer as the API server gave it, with ours in addition. */
export function switchingHead(answer: IncomingMessage, notice: string | undefined): Buffer {
  const headers = [...answer.rawHeaders];
  if (notice !== undefined) headers.push(...warningHeader(notice));
  let text = `HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) text += `${headers[at] ?? ''}: ${headers[at + 1] ?? ''}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** Joins both ends until either closes. Bytes pass untouched; nothing times out. */
export async function joinUntouched(client: StreamEnd, server: StreamEnd): Promise<void> {
  const over = closeTogether(client.socket, server.socket);
  if (server.head.length > 0) client.socket.write(server.head);
  if (client.head.length > 0) server.socket.write(client.head);
  client.socket.pipe(server.socket);
  server.socket.pipe(client.socket);
  await over;
}

/**
 * Joins both ends; every frame goes to the recording before it goes on.
 *
 * @param required close the session when a frame cannot be recorded; otherwise it goes on without, and the log says so
 */
export async function joinRecorded(
  client: StreamEnd,
  server: StreamEnd,
  recording: Recording,
  options: { required: boolean; elapsedSeconds: () => number; logger: Logger },
): Promise<void> {
  let lost = false;
  const record = async (frames: TerminalFrame[]): Promise<void> => {
    if (options.required) return recording.add(frames);
    recording.add(frames).catch((error: unknown) => {
      if (!lost) options.logger.warn({ reason: messageOf(error) }, 'recording lost, session goes on');
      lost = true;
    });
  };
  const run = async (from: 'client' | 'server', source: StreamEnd, sink: StreamEnd): Promise<void> => {
    try {
      await pipeRecorded(source.socket, sink.socket, source.head, from, options.elapsedSeconds, record);
      sink.socket.end();
    } catch (error) {
      // A side that broke off is how sessions end; a frame that could not be recorded is why this one must.
      if (!isBrokenOff(error)) options.logger.warn({ reason: messageOf(error) }, 'recorded session closed');
      client.socket.destroy();
      server.socket.destroy();
    }
  };
  ignoreErrors(client.socket, server.socket);
  // A client that is gone reads nothing more. Not so the other way: when the server is gone, its last words may still be
  // on their way to the recorder.
  client.socket.on('close', () => server.socket.destroy());
  const typing = run('client', client, server);
  await run('server', server, client);
  await flushed(client.socket);
  client.socket.destroy();
  await typing;
  await recording.end();
}

function isBrokenOff(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** When one side closes, the other gets what was sent to it and is closed too. */
async function closeTogether(one: Duplex, other: Duplex): Promise<void> {
  ignoreErrors(one, other);
  const closeAfter = async (first: Duplex, second: Duplex): Promise<void> => {
    if (!first.closed) await once(first, 'close');
    second.end();
    await flushed(second);
    second.destroy();
  };
  await Promise.all([closeAfter(one, other), closeAfter(other, one)]);
}

/** A broken connection is how most sessions end; its 'close' follows, and that is what is acted upon. */
function ignoreErrors(...sockets: Duplex[]): void {
  for (const socket of sockets) socket.on('error', () => socket.destroy());
}

/** A reader that takes nothing for this long, after everything is over, is not there. */
const flushWithinMs = 5_000;

async function flushed(socket: Duplex): Promise<void> {
  if (socket.destroyed || socket.writableFinished) return;
  const over = new AbortController();
  const { signal } = over;
  const timer = setTimeout(() => over.abort(), flushWithinMs);
  try {
    await Promise.race([once(socket, 'finish', { signal }), once(socket, 'close', { signal })]);
  } catch {
    // Too slow, or broken: either way there is nothing more to wait for.
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

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
  if (server.head.length > 0) client.socket.write(server.head);
  if (client.head.length > 0) server.socket.write(client.head);
  client.socket.pipe(server.socket);
  server.socket.pipe(client.socket);
  await eitherCloses(client.socket, server.socket);
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
    await pipeRecorded(source.socket, sink.socket, source.head, from, options.elapsedSeconds, record);
    sink.socket.end();
  };
  const closed = eitherCloses(client.socket, server.socket);
  try {
    // The client may stop typing long before the server stops printing, so one end is not the end.
    await Promise.race([Promise.all([run('server', server, client), run('client', client, server)]), closed]);
  } catch (error) {
    options.logger.warn({ reason: messageOf(error) }, 'recorded session closed');
  } finally {
    client.socket.destroy();
    server.socket.destroy();
    await recording.end();
  }
}

async function eitherCloses(one: Duplex, other: Duplex): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const ignore = (): void => undefined; // A broken connection is how most sessions end.
  one.on('error', ignore);
  other.on('error', ignore);
  try {
    await Promise.race([once(one, 'close', { signal }), once(other, 'close', { signal })]);
  } catch {
    // An 'error' is followed by its 'close'; either means that the session is over.
  } finally {
    over.abort();
    one.destroy();
    other.destroy();
  }
}

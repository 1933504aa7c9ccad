import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { failureStatus, messageOf, type Mask, type Status } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { warningHeader } from '../answer/answer-headers.ts';
import type { TerminalFrame } from '../recording/asciicast.ts';
import type { Recording } from '../recording/recording.ts';
import type { Backlog } from './gathered-chunks.ts';
import { createMaskedOutput } from './masked-output.ts';
import { pumpInput, pumpOutput } from './terminal-pump.ts';
import type { TerminalWire } from './terminal-wire.ts';

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

/** How a session came to its end: a side closed or broke off, what let it in was taken back, or it could not be carried on. */
export type SessionEnd = 'closed' | 'cut' | 'failed';

export interface SessionOver {
  end: SessionEnd;
  /** What the client sent once the protocol was switched, as it came over the connection. */
  bytesIn: number;
}

/** Joins both ends until either closes, or the session is revoked. Bytes pass untouched; nothing times out. */
export async function joinUntouched(client: StreamEnd, server: StreamEnd, revoked: AbortSignal): Promise<SessionOver> {
  const over = closeTogether(client.socket, server.socket);
  let bytesIn = client.head.length;
  client.socket.on('data', (chunk: Buffer) => (bytesIn += chunk.length));
  if (server.head.length > 0) client.socket.write(server.head);
  if (client.head.length > 0) server.socket.write(client.head);
  client.socket.pipe(server.socket);
  server.socket.pipe(client.socket);
  const cut = (): void => {
    client.socket.destroy();
    server.socket.destroy();
  };
  if (revoked.aborted) cut();
  revoked.addEventListener('abort', cut, { once: true });
  await over;
  revoked.removeEventListener('abort', cut);
  return { end: revoked.aborted ? 'cut' : 'closed', bytesIn };
}

export interface TerminalOptions {
  wire: TerminalWire;
  mask: Mask;
  /** undefined: the session is masked, and not recorded. */
  recording?: Recording;
  /** End the session when a frame cannot be recorded; otherwise it goes on without, and the log says so. */
  required: boolean;
  /** Whether the recording has what is typed. */
  recordInput: boolean;
  elapsedSeconds: () => number;
  /** Aborted, with a Status as its reason, when the session may not go on. */
  revoked: AbortSignal;
  logger: Logger;
}

/** Joins both ends of a terminal: what the server says is masked, and every frame is recorded before it goes on. */
export async function joinTerminal(
  client: StreamEnd,
  server: StreamEnd,
  options: TerminalOptions,
): Promise<SessionOver> {
  const { wire, mask, recording, revoked, logger } = options;
  let bytesIn = 0;
  let hasFailed = false;
  const countingWire: TerminalWire = {
    ...wire,
    fromClient(chunk) {
      bytesIn += chunk.length;
      return wire.fromClient(chunk);
    },
  };
  const pumps = { seconds: options.elapsedSeconds, record: recorderOf(options) };
  /** Tells the client why, in its protocol's own way; a client that takes nothing more is closed all the same. */
  const end = (status: Status): void => {
    if (!client.socket.writableEnded) client.socket.end(wire.farewell(status));
    server.socket.destroy();
  };
  const onRevoked = (): void => end(revoked.reason as Status);
  const run = async (pump: Promise<void>, sink: Duplex): Promise<void> => {
    try {
      await pump;
      sink.end();
    } catch (error) {
      if (revoked.aborted) return;
      // A side that broke off is how sessions end; a frame that could not be recorded is why this one must.
      if (isBrokenOff(error)) {
        server.socket.destroy();
        // What a server had said before is still on its way; a client that broke off takes nothing more.
        if (sink === client.socket) sink.end();
        else client.socket.destroy();
        return;
      }
      hasFailed = true;
      logger.warn({ reason: messageOf(error) }, 'terminal closed');
      end(failureStatus(503, `the session was ended: ${messageOf(error)}`));
    }
  };
  ignoreErrors(client.socket, server.socket);
  // A client that is gone reads nothing more. Not so the other way: when the server is gone, its last words may still be
  // on their way to the recorder.
  client.socket.on('close', () => server.socket.destroy());
  revoked.addEventListener('abort', onRevoked, { once: true });
  if (revoked.aborted) onRevoked();
  const backlog: Backlog = { isBehind: false };
  const answered = (pong: Buffer): boolean => {
    if (!backlog.isBehind) return false;
    // Between two pieces of output, which end where frames do.
    const { writableEnded, writableLength } = client.socket;
    if (!writableEnded && writableLength < maxUnsentBytes) client.socket.write(pong);
    return true;
  };
  const input = { source: client.socket, sink: server.socket, head: client.head };
  const typing = run(
    pumpInput(input, countingWire, { ...pumps, recordInput: options.recordInput, answered }),
    server.socket,
  );
  const printing = { source: server.socket, sink: client.socket, head: server.head };
  await run(pumpOutput(printing, wire, createMaskedOutput(mask, wire), { ...pumps, backlog }), client.socket);
  await (revoked.aborted || hasFailed ? flushed(client.socket) : lingered(client.socket));
  client.socket.destroy();
  await typing;
  revoked.removeEventListener('abort', onRevoked);
  wire.close();
  await recording?.end();
  return { end: revoked.aborted ? 'cut' : hasFailed ? 'failed' : 'closed', bytesIn };
}

function recorderOf({ recording, required, logger }: TerminalOptions): (frames: TerminalFrame[]) => Promise<void> {
  if (recording === undefined) return () => Promise.resolve();
  if (required) return (frames) => recording.add(frames);
  let lost = false;
  return (frames) => {
    recording.add(frames).catch((error: unknown) => {
      if (!lost) logger.warn({ reason: messageOf(error) }, 'recording lost, session goes on');
      lost = true;
    });
    return Promise.resolve();
  };
}

function isBrokenOff(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** When one side closes, the other gets what was sent to it and is closed too. */
async function closeTogether(client: Duplex, server: Duplex): Promise<void> {
  ignoreErrors(client, server);
  const closeAfter = async (first: Duplex, second: Duplex, taken: (socket: Duplex) => Promise<void>): Promise<void> => {
    await closeOf(first);
    second.end();
    await taken(second);
    second.destroy();
  };
  await Promise.all([closeAfter(client, server, flushed), closeAfter(server, client, lingered)]);
}

/** Not events.once, which rejects where an error comes before: a connection that was reset has ended as any other has. */
function closeOf(socket: Duplex): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
}

/** A broken connection is how most sessions end; its 'close' follows, and that is what is acted upon. */
function ignoreErrors(...sockets: Duplex[]): void {
  for (const socket of sockets) socket.on('error', () => socket.destroy());
}

/** A piece of output is a mebibyte and its frames' heads. Whoever asks for more than that in pongs, and takes none, gets none. */
const maxUnsentBytes = 4 * 1_048_576;
/** The most that the kernel keeps to be sent, 4 MiB (tcp_wmem), has gone by then to whoever takes 70 KiB a second. */
const lingerMs = 60_000;

/**
 * Waits for a client that has been told all to leave by itself. Closed with a ping of its on the way here, its connection would be
 * reset, and what it had not taken yet would be lost.
 */
async function lingered(socket: Duplex): Promise<void> {
  if (socket.closed) return;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), lingerMs);
  // Whatever it still says is read, or its leaving would not be seen.
  socket.resume();
  try {
    await once(socket, 'close', { signal: over.signal });
  } catch {
    // It stays; its connection is not kept for it.
  } finally {
    clearTimeout(timer);
  }
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

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Logger } from '@holdpoint/platform';
import { sendStatus, sendStatusRaw } from '../answer/send.ts';
import { refuse, type Refusal } from '../refusal.ts';

/** A client whose bytes were no HTTP gets the answer, and as long to read it; then the connection is cut. */
const lingerMs = 2_000;

/**
 * Answers what never becomes a request of ours: bytes that are no HTTP, headers beyond the limit, a request that does not end,
 * CONNECT, an expectation nobody meets. Left alone, Node answers these without a body, or not at all; a Kubernetes client
 * reads a Status.
 *
 * @param serveUpgrade told of every request to upgrade that no earlier answer is owed before
 */
export function answerUnreadable(
  server: HttpServer | HttpsServer,
  logger: Pick<Logger, 'info'>,
  serveUpgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => void,
): void {
  const underWay = new WeakMap<Duplex, ServerResponse[]>();
  const answered = new WeakSet<Duplex>();
  /** In the order of the requests, in which a connection's answers also end. */
  const owedOn = (socket: Duplex): ServerResponse[] => {
    const owed = underWay.get(socket) ?? [];
    while (owed[0]?.closed === true) owed.shift();
    return owed;
  };
  const owe = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    const owed = owedOn(socket);
    owed.push(response);
    underWay.set(socket, owed);
  };
  server.prependListener('request', owe);
  const answer = (socket: Duplex, refusal: Refusal): void => {
    answered.add(socket);
    logger.info({ code: refusal.refused.code, reason: refusal.reason }, 'request refused');
    socket.on('error', () => socket.destroy());
    sendStatusRaw(socket, refusal.refused);
    const cut = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(cut));
  };
  /** What is owed is answered, and the connection ends with it. */
  const endWith = (owed: readonly ServerResponse[], socket: Duplex): void => {
    answered.add(socket);
    owed.at(-1)?.once('close', () => socket.destroy());
  };
  /** Of a connection that is no HTTP from here on: Node has let go of it, but for the answers that it owes. */
  const takeOver = (socket: Duplex, serve: () => void): void => {
    socket.on('error', () => socket.destroy());
    const owed = owedOn(socket);
    if (owed.length > 0) endWith(owed, socket);
    // Else an earlier answer was the connection's last, and it is ending.
    else if (socket.writable) serve();
  };

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (answered.has(socket)) return;
    const owed = owedOn(socket);
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else if (isToBeAnsweredNow(owed)) answer(socket, refusalOf(error));
    else endWith(owed, socket);
  });
  server.on('connect', (_message: IncomingMessage, socket: Duplex) => {
    takeOver(socket, () => answer(socket, refuse('methodNotAllowed', 'the method CONNECT is not served')));
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    takeOver(socket, () => serveUpgrade(message, socket, head));
  });
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    owe(message, response);
    sendStatus(response, refuse('expectationFailed', 'of expectations only 100-continue is served').refused);
  });
}

/**
 * An answer must not overtake another: a client would take it for the answer to its earlier request. So it is given only
 * where none is owed, or where the bytes that are wrong are the body of the one request that is. Else what is owed is
 * answered, and the connection ends with it.
 */
function isToBeAnsweredNow([first, second]: readonly ServerResponse[]): boolean {
  return first === undefined || (second === undefined && !first.req.complete && !first.headersSent);
}

function refusalOf(error: NodeJS.ErrnoException & { reason?: string }): Refusal {
  const reason = `${error.code ?? ''} ${error.reason ?? error.message}`.trim();
  // The parser's own constant words.
  const because = error.reason === undefined ? '' : `: ${error.reason}`;
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse('headersTooLarge', 'the request line and headers are larger than 1 MiB', { reason });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return refuse('tooLarge', 'the chunk extensions of the body are too large', { reason });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse('timedOut', 'the request did not end in time', { reason });
    default:
      return refuse('malformed', `the request is not HTTP/1.1 as it should be${because}`, { reason });
  }
}

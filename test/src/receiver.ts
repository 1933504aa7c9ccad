import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One POST that came in, whatever was answered. */
export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Somebody who is told of holds: a real server on loopback that answers as the test says. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** From now on. `hang` never answers. */
  answer(how: number | 'hang' | ((response: ServerResponse) => void)): void;
  /** Nobody listens any more. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** @param tls PEM to serve HTTPS with. @default plain HTTP */
export async function createReceiver(tls?: { key: string; cert: string }): Promise<Receiver> {
  const received: Received[] = [];
  let how: number | 'hang' | ((response: ServerResponse) => void) = 200;
  let server: Server | undefined;
  const start = (port: number): Promise<void> => {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('error', () => undefined); // Whoever sent it was killed: part of the test.
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        if (typeof how === 'number') response.writeHead(how).end('x'.repeat(100_000));
        else if (how !== 'hang') how(response);
      });
    };
    const started = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server = started;
    return new Promise((resolve, reject) => {
      started.once('error', reject);
      started.listen(port, '127.0.0.1', () => resolve());
    });
  };
  const stop = async (): Promise<void> => {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = new Promise((resolve) => stopping.close(resolve));
    stopping.closeAllConnections();
    await closed;
  };
  await start(0);
  const { port } = (server as unknown as Server).address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}/hook`,
    received,
    answer(next) {
      how = next;
    },
    goDown: stop,
    comeBack: () => start(port),
    close: stop,
  };
}

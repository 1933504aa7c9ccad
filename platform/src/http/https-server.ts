import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { reloadEveryMs } from '../reloader.ts';
import { createTlsReloader, describe, readTlsPair, type TlsReload } from './tls-files.ts';

export interface HttpsServerOptions {
  /** PEM. */
  certFile: string;
  /** PEM. */
  keyFile: string;
  handler: RequestListener;
  /**
   * PEM. Asks clients for a certificate of one of these authorities, and serves those who have none all the same: a request's
   * `socket.authorized` tells. @default none is asked for
   */
  clientCa?: string;
  /** The API server accepts headers up to 1 MiB, and so does whatever stands in front of it. @default 16384 */
  maxHeaderBytes?: number;
  /** False for who refuses a request without a Host header in words of its own; else Node does, without a word. @default true */
  requireHostHeader?: boolean;
  /** 0 for streams that may last for hours. @default 60000 */
  requestTimeoutMs?: number;
  /**
   * Told which certificate is served with, at the start and whenever the files have changed. With it the files are followed
   * while the server listens; without it, nobody could be told of a pair that does not load, and they are read once.
   */
  onTlsReload?: (reload: TlsReload) => void;
  /** @default 10000 */
  tlsReloadEveryMs?: number;
}

/**
 * The API server keeps its connections to webhooks idle for up to 90 s (net/http's IdleConnTimeout). Were we the first to
 * close, its next call could meet a closed socket: a spurious failure that fails an agent's write.
 */
const keepAliveTimeoutMs = 120_000;
/** From the first byte of a request, or the beginning of a connection, to the last of its headers. Being idle is not counted. */
const headersTimeoutMs = 60_000;
const timeoutsCheckedEveryMs = 5_000;
const minVersion = 'TLSv1.2';

/**
 * Builds an HTTPS server; it does not listen yet.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the file, when certificate and key cannot be served with
 */
export function createHttpsServer(options: HttpsServerOptions): Server {
  const { certFile, keyFile, clientCa } = options;
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  const pair = readTlsPair(certFile, keyFile);
  const requestTimeoutMs = options.requestTimeoutMs ?? 60_000;
  const server = createServer(
    {
      ...pair,
      ...clients,
      minVersion,
      maxHeaderSize: options.maxHeaderBytes ?? 16_384,
      requireHostHeader: options.requireHostHeader ?? true,
      requestTimeout: requestTimeoutMs,
      // Never the longer of the two: Node would take each for the other, and a sender that drips have the longer one.
      headersTimeout: requestTimeoutMs === 0 ? headersTimeoutMs : Math.min(headersTimeoutMs, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(timeoutsCheckedEveryMs, requestTimeoutMs || timeoutsCheckedEveryMs),
      noDelay: true,
    },
    options.handler,
  );
  server.keepAliveTimeout = keepAliveTimeoutMs;
  if (options.onTlsReload !== undefined) {
    const report = options.onTlsReload;
    report({ result: 'started', ...describe(pair) });
    const apply = (renewed: { cert: string; key: string }): void =>
      server.setSecureContext({ ...renewed, ...clients, minVersion });
    const { check } = createTlsReloader({ certFile, keyFile, current: pair, apply, report });
    const timer = setInterval(check, options.tlsReloadEveryMs ?? reloadEveryMs);
    // It must not keep a process alive whose server is closed.
    timer.unref();
    server.once('close', () => clearInterval(timer));
  }
  return server;
}

/** Listens on `host:port` (port 0: any free one) and resolves with the port. Rejects when the address is taken. */
export async function listen(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // An IPv6 address stands in brackets beside its port, and nowhere else.
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Stops accepting, lets requests under way finish for up to `graceMs`, then closes what is left. */
export async function closeGracefully(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

/** Answers JSON in one piece. */
export function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers });
  response.end(bytes);
}

/** The path of a request's URL, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** Answers a health probe: 503 with the reason, or 200. */
export function sendState(response: ServerResponse, reason: string | undefined): void {
  sendJson(response, reason === undefined ? 200 : 503, { status: reason ?? 'ok' });
}

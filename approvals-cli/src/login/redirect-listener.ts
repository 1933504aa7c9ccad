import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldpointError } from '@holdpoint/core';

/** Waits on this machine for the browser to come back from the issuer. */
export interface RedirectListener {
  /** `http://127.0.0.1:PORT/callback`, the port being the system's choice. */
  redirectUri: string;
  /** The address with which the browser came back; rejects with ERR_LOGIN_FAILED when `signal` ends the wait. */
  redirect(state: string, signal: AbortSignal): Promise<URL>;
  /** Nothing listens afterwards. */
  close(): void;
}

/** Issuers compare it: RFC 8252 lets the port alone vary. What cannot be guessed is the state. */
const path = '/callback';

/**
 * Listens on the loopback address alone. Only a GET of the one path, under the listener's own name and with the state of this
 * login, is taken; anything else on the machine, or a page that a browser shows, is answered 400 and ends nothing.
 */
export async function createRedirectListener(): Promise<RedirectListener> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 32 * 1024 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    redirectUri: `http://${host}${path}`,
    redirect: (state, signal) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void =>
          reject(new HoldpointError('ERR_LOGIN_FAILED', 'nobody has logged in: run the command again'));
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
        server.on('request', (request, response) => {
          const url = redirectIn(request, host, state);
          answer(response, url !== undefined);
          if (url !== undefined) resolve(url);
        });
      }),
    close() {
      server.close();
      server.closeIdleConnections();
      // The page has been written by now, or its reader is not reading.
      setTimeout(() => server.closeAllConnections(), 500).unref();
    },
  };
}

function redirectIn({ method, url = '', headers }: IncomingMessage, host: string, state: string): URL | undefined {
  if (method !== 'GET' || headers.host !== host || !url.startsWith(`${path}?`)) return undefined;
  const redirect = new URL(url, `http://${host}`);
  return redirect.searchParams.get('state') === state ? redirect : undefined;
}

function answer(response: ServerResponse, isOurs: boolean): void {
  response.writeHead(isOurs ? 200 : 400, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(
    `<!doctype html><title>approvals</title><p>${isOurs ? 'The terminal goes on from here. You may close this page.' : 'This belongs to no login that waits.'}`,
  );
}

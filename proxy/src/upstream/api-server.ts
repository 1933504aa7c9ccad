import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { keepAliveProbeMs, type UpstreamConnection } from './credentials.ts';

export interface UpstreamCall {
  method: string;
  url: string;
  headers: OutgoingHttpHeaders;
  /** undefined: a request without a body. */
  body?: Buffer;
  /** Aborted when the client goes away: nobody would read the answer. */
  signal: AbortSignal;
}

/** What came of asking for an upgrade: the switched connection, or an ordinary answer that says why not. */
export type UpgradeAnswer =
  | { switched: true; answer: IncomingMessage; socket: Socket; head: Buffer }
  | { switched: false; answer: IncomingMessage };

/** The API server. Both calls reject with ERR_UPSTREAM_UNAVAILABLE when it cannot be reached. */
export interface ApiServer {
  send(call: UpstreamCall): Promise<IncomingMessage>;
  upgrade(call: UpstreamCall): Promise<UpgradeAnswer>;
}

/** A connection that is not there by then is to a machine that does not answer: TCP itself would try for minutes. */
const connectTimeoutMs = 10_000;

export function createApiServer(connect: () => Promise<UpstreamConnection>): ApiServer {
  const open = async (call: UpstreamCall, upgrade: boolean): Promise<ClientRequest> => {
    const connection = await connect();
    // It may have gone meanwhile: what nobody waits for is not begun.
    call.signal.throwIfAborted();
    const { host, port, pathPrefix, agent, tls } = connection;
    const outgoing = httpsRequest({
      host,
      port,
      method: call.method,
      path: pathPrefix + call.url,
      headers: rawHeadersOf(call, connection),
      ...(upgrade ? { ...tls, agent: false } : { agent }),
    });
    // Not as the option `signal`, which watches the request as it would any stream: that costs more than its headers do.
    const abandon = (): void => void outgoing.destroy(call.signal.reason as Error);
    call.signal.addEventListener('abort', abandon);
    outgoing.once('close', () => call.signal.removeEventListener('abort', abandon));
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return;
      limitConnecting(outgoing, socket);
      socket.once('secureConnect', () => socket.setKeepAlive(true, keepAliveProbeMs));
    });
    return outgoing;
  };

  const sendOnce = async (call: UpstreamCall): Promise<IncomingMessage> => {
    const outgoing = await open(call, false);
    return new Promise((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.on('error', (error) => {
        // A kept connection may be closed by the other side just as we use it; what changes nothing is asked once more.
        const stale = outgoing.reusedSocket && call.body === undefined && !call.signal.aborted;
        if (stale && call.method === 'GET') sendOnce(call).then(resolve, reject);
        else reject(unavailable(error));
      });
      outgoing.end(call.body);
    });
  };

  return {
    send: sendOnce,
    async upgrade(call) {
      const outgoing = await open(call, true);
      return new Promise((resolve, reject) => {
        outgoing.once('upgrade', (answer, socket, head) =>
          resolve({ switched: true, answer, socket: socket as Socket, head }),
        );
        outgoing.once('response', (answer) => resolve({ switched: false, answer }));
        outgoing.on('error', (error) => reject(unavailable(error)));
        outgoing.end(call.body);
      });
    },
  };
}

/**
 * In a list, as they are to be written: set one by one, each would be kept and checked before all are written. Where two say the
 * same, ours counts: a list would send both.
 */
function rawHeadersOf({ headers, body }: UpstreamCall, { host, port, authorization }: UpstreamConnection): string[] {
  const all: OutgoingHttpHeaders = { ...headers, host: `${host.includes(':') ? `[${host}]` : host}:${String(port)}` };
  if (authorization !== undefined) all.authorization = authorization;
  if (body !== undefined) all['content-length'] = body.length;
  const raw: string[] = [];
  for (const [name, value] of Object.entries(all)) {
    if (Array.isArray(value)) for (const each of value) raw.push(name, each);
    else if (value !== undefined) raw.push(name, String(value));
  }
  return raw;
}

function limitConnecting(outgoing: ClientRequest, socket: Socket): void {
  const fail = (): void => void outgoing.destroy(new Error(`no connection within ${String(connectTimeoutMs)} ms`));
  const timer = setTimeout(fail, connectTimeoutMs);
  for (const event of ['secureConnect', 'close']) socket.once(event, () => clearTimeout(timer));
}

function unavailable(cause: unknown): HoldpointError {
  return new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', `the API server cannot be reached: ${messageOf(cause)}`, {
    cause,
  });
}

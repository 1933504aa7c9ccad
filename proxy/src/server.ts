/**
 * The proxy: what a governed agent's kubectl talks to instead of the API server.
 *
 * The order, which is the design: bytes → a request that can be read in one way only → whose it is → which policies
 * govern it → the verdict on what admission never sees → upstream, in the user's name → (held: wait, send again) → mask →
 * bytes. Nothing goes back a step, and every step may end the request with a Status.
 *
 * The hazards, and what each led to:
 *
 * Impersonation fails open. A request that lost its Impersonate-* headers would run as the proxy itself. So one place
 * builds them (upstream/impersonation.ts) and throws without a user, the client's headers go by a list of what is allowed
 * (request/client-headers.ts), and the proxy's own account can do nothing but impersonate.
 *
 * Two readers of one request. What the proxy judged must be what the API server does, so URLs that could be decoded in two
 * ways are refused, the URL that was judged is forwarded unchanged, and bodies are sent with a length of our own making.
 *
 * An answer that cannot be read cannot be masked. JSON is asked for where secrets may be, and anything else that comes
 * back is a 502, never passed on. Upgrades are served for terminals and port-forward alone: a watch over WebSocket would
 * be a way around.
 *
 * A pause must not hang on this process. The hold is an object in the cluster: when a proxy dies, the client runs its
 * command again and meets the same hold.
 *
 * Left to the caller: TLS files, listening, and that the caches are in sync before it listens.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import {
  authenticatedGroup,
  evaluateRead,
  HoldpointError,
  isElevationGroup,
  messageOf,
  possibleElevations,
  type AccessPolicy,
} from '@holdpoint/core';
import { createHttpsServer } from '@holdpoint/platform';
import { sendStatus, sendStatusRaw } from './answer/send.ts';
import type { Authenticator } from './identity/authenticator.ts';
import { servePlainRequest, type PlainRequestParts } from './plain-request.ts';
import { isRefusal, refuse, type Refusal } from './refusal.ts';
import { receive, type ProxyRequest } from './request/proxy-request.ts';
import type { OpenSockets } from './streams/open-sockets.ts';
import { serveStream, type StreamParts } from './streams/serve-stream.ts';

export interface ProxyParts extends PlainRequestParts, StreamParts {
  authenticator: Authenticator;
  openSockets: OpenSockets;
  /** The policies as they are now. */
  policies: () => readonly AccessPolicy[];
  /** API groups that another server answers for: writes to them reach no admission webhook. */
  aggregatedGroups: () => ReadonlySet<string>;
  /** False until the caches are in sync, and again while closing. */
  isReady: () => boolean;
}

/** As the API server's own limit (net/http DefaultMaxHeaderBytes). */
const maxHeaderBytes = 1_048_576;

/** Builds the server; it does not listen yet. */
export function createProxyServer(parts: ProxyParts, tls: { certFile: string; keyFile: string }): Server {
  const server = createHttpsServer({
    ...tls,
    maxHeaderBytes,
    handler: (message, response) => void servePlain(parts, message, response),
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    void serveUpgrade(parts, message, socket, head);
  });
  return server;
}

async function servePlain(parts: ProxyParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (answerProbe(parts, message, response)) return;
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('the client went away')));
  await conclude(
    parts,
    message,
    gone.signal,
    (refusal) => sendStatus(response, refusal.refused),
    async () => {
      const request = await admit(parts, message);
      return isRefusal(request) ? request : servePlainRequest(parts, request, message, response, gone.signal);
    },
  );
}

async function serveUpgrade(parts: ProxyParts, message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  parts.openSockets.add(socket);
  const gone = new AbortController();
  socket.on('close', () => gone.abort(new Error('the client went away')));
  socket.on('error', () => socket.destroy());
  await conclude(
    parts,
    message,
    gone.signal,
    (refusal) => sendStatusRaw(socket, refusal.refused),
    async () => {
      const request = await admit(parts, message);
      if (isRefusal(request)) return request;
      return serveStream(parts, request, message, { socket, head }, parts.policies(), gone.signal);
    },
  );
}

/** Whose request is it, and may it be made at all? */
async function admit(parts: ProxyParts, message: IncomingMessage): Promise<ProxyRequest | Refusal> {
  const received = receive(message);
  if (isRefusal(received)) return received;
  let user;
  try {
    user = await parts.authenticator.authenticate(received.token);
  } catch (error) {
    // Vague on purpose: which check failed is for our log, not for whoever tries tokens.
    return refuse('unauthenticated', 'Unauthorized', { reason: messageOf(error) });
  }
  const borrowed = user.groups.find(isElevationGroup);
  if (borrowed !== undefined) {
    return refuse('unauthenticated', 'Unauthorized', { reason: `the token claims the group ${borrowed}` });
  }
  // As the API server will see this user, so that both judge by the same groups.
  user = { ...user, groups: [...user.groups, authenticatedGroup] };
  const policies = parts.policies();
  const unseenGroups = parts.aggregatedGroups();
  const verdict = evaluateRead(policies, user, received.info, unseenGroups);
  if (verdict.action === 'Deny') {
    const rule = verdict.rule === '' ? 'default' : verdict.rule;
    return refuse('forbidden', verdict.message, { reason: `policy ${verdict.policy || 'none'}, rule ${rule}` });
  }
  const elevations = possibleElevations(policies, user, received.info, unseenGroups);
  return { ...received, user, requestId: randomUUID(), elevations };
}

/** Runs one request to its end and answers whatever became of it. Every failure is an answer, and a line in the log. */
async function conclude(
  parts: ProxyParts,
  message: IncomingMessage,
  gone: AbortSignal,
  answer: (refusal: Refusal) => void,
  serve: () => Promise<Refusal | undefined>,
): Promise<void> {
  const { method } = message;
  const path = (message.url ?? '').split('?', 1)[0];
  try {
    const refusal = await serve();
    if (refusal === undefined) return;
    parts.logger.info({ method, path, code: refusal.refused.code, reason: refusal.reason }, 'request refused');
    answer(refusal);
  } catch (error) {
    if (gone.aborted) {
      parts.logger.debug({ method, path }, 'client went away');
      return;
    }
    const refusal = toRefusal(error);
    parts.logger.warn({ method, path, code: refusal.refused.code, reason: refusal.reason }, 'request failed');
    answer(refusal);
  }
}

/** What an exception is to the client. Ours say what happened; of any other, only that it did. */
function toRefusal(error: unknown): Refusal {
  const reason = messageOf(error);
  if (error instanceof HoldpointError) {
    if (error.code === 'ERR_BODY_TOO_LARGE') return refuse('tooLarge', `Request entity too large: ${reason}`);
    if (error.code === 'ERR_MASK_UNREADABLE') return refuse('upstreamFailed', reason);
    if (error.code === 'ERR_UPSTREAM_UNAVAILABLE') {
      return refuse('upstreamFailed', 'the API server cannot be reached from the proxy; try again', { reason });
    }
  }
  return refuse('upstreamFailed', 'the proxy could not serve this request', { reason });
}

/** Our own probes are those without credentials; with a token, /healthz and /readyz are the API server's. */
function answerProbe(parts: ProxyParts, message: IncomingMessage, response: ServerResponse): boolean {
  if (message.headers.authorization !== undefined || message.method !== 'GET') return false;
  if (message.url !== '/healthz' && message.url !== '/readyz') return false;
  const fine = message.url === '/healthz' || parts.isReady();
  response.writeHead(fine ? 200 : 503, { 'content-type': 'text/plain' });
  response.end(fine ? 'ok' : 'not ready');
  return true;
}

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
 * Two readers of one request. What the proxy judged must be what the API server does, so requests that could be read in two
 * ways are refused (request/), the URL is spelled anew from what was judged, and bodies are sent with a length of our own
 * making.
 *
 * An answer that cannot be read cannot be masked. JSON is asked for where secrets may be, and anything else that comes
 * back is a 502, never passed on. Upgrades are served for terminals and port-forward alone: a watch over WebSocket would
 * be a way around.
 *
 * A pause must not hang on this process. The hold is an object in the cluster: when a proxy dies, the client runs its
 * command again and meets the same hold.
 *
 * A process must not end under those who wait. When it is about to, paused requests are told to come again, which client
 * libraries do by themselves, and meet the same hold at the next replica; watches are ended as the API server ends them.
 *
 * Left to the caller: TLS files, listening, when to end, and that the caches are in sync before it listens.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  authenticatedGroup,
  evaluateRead,
  HoldpointError,
  isElevationGroup,
  messageOf,
  possibleElevations,
  type AccessPolicy,
  type CompiledPolicy,
} from '@holdpoint/core';
import { createHttpsServer, sendMetrics, sendState, type Metrics, type TlsReload } from '@holdpoint/platform';
import { sendStatus, sendStatusRaw } from './answer/send.ts';
import type { Authenticator } from './identity/authenticator.ts';
import { servePlainRequest, type PlainRequestParts } from './plain-request.ts';
import { isRefusal, refuse, type Refusal } from './refusal.ts';
import { receive, type ProxyRequest } from './request/proxy-request.ts';
import { answerUnreadable } from './request/unreadable-requests.ts';
import type { OpenSockets } from './streams/open-sockets.ts';
import { serveStream, type StreamParts } from './streams/serve-stream.ts';
import { openExchange, type Exchange } from './transcript/exchange.ts';
import { notingMask, notingPause, notingUpstream, noteSession } from './transcript/noting.ts';
import type { TellExchange } from './transcript/teller.ts';
import type { UnderWay } from './under-way.ts';

export interface ProxyParts extends PlainRequestParts, Omit<StreamParts, 'sessionOver'> {
  authenticator: Authenticator;
  openSockets: OpenSockets;
  /** The policies in force now. */
  policies: () => readonly CompiledPolicy[];
  /** The objects that they were compiled from, with what the webhook says of each. */
  policyObjects: () => readonly AccessPolicy[];
  /** API groups that another server answers for: writes to them reach no admission webhook. */
  aggregatedGroups: () => ReadonlySet<string>;
  /** Why it may not be sent requests now; undefined when it may. */
  notReady: () => string | undefined;
  /** What `/metrics` shows: counts alone, so it is for everybody. */
  exposition: Metrics['exposition'];
  onTlsReload: (reload: TlsReload) => void;
  underWay: UnderWay;
  /** Told of every request when it is over. */
  tell: TellExchange;
  /** Aborted when this process is about to end: watches are ended then, and no new connection comes any more. */
  ending: AbortSignal;
  /** Milliseconds that only go on. */
  elapsed: () => number;
}

/** As the API server's own limit (net/http DefaultMaxHeaderBytes). */
const maxHeaderBytes = 1_048_576;
/** A client that is gone without a word must not have its request sent when somebody approves it: the kernel asks for it. */
const keepAliveProbeMs = 30_000;

/** Builds the server; it does not listen yet. */
export function createProxyServer(parts: ProxyParts, tls: { certFile: string; keyFile: string }): Server {
  const server = createHttpsServer({
    ...tls,
    maxHeaderBytes,
    requireHostHeader: false,
    onTlsReload: parts.onTlsReload,
    handler: (message, response) => parts.underWay.add(servePlain(parts, message, response)),
  });
  server.on('connection', (socket: Duplex) => {
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveProbeMs);
  });
  // Node would leave out what is beyond a count of its own, silently: request/client-headers.ts counts.
  server.maxHeadersCount = 0;
  answerUnreadable(server, parts.logger, (message, socket, head) => {
    parts.underWay.add(serveUpgrade(parts, message, socket, head));
  });
  return server;
}

async function servePlain(parts: ProxyParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (answerOwn(parts, message, response)) return;
  const exchange = openExchange(message, parts.now());
  const { socket } = message;
  const writtenBefore = socket.bytesWritten;
  const gone = new AbortController();
  let isServed = false;
  const closed = new Promise<void>((resolve) => {
    response.on('close', () => {
      // Of what was answered to its end nothing is under way any more.
      if (!isServed) gone.abort(new Error('the client went away'));
      resolve();
    });
  });
  await conclude(
    parts,
    exchange,
    gone.signal,
    (refusal) => sendStatus(response, refusal.refused),
    async () => {
      const request = await admit(parts, message, exchange);
      if (isRefusal(request)) return request;
      const stopEnding = request.info.verb === 'watch' ? endWith(parts.ending, response) : undefined;
      try {
        const { codec, policies, heldBytes } = parts;
        const serving = { ...noting(parts, exchange), codec, policies, heldBytes };
        const refusal = await servePlainRequest(serving, request, message, response, gone.signal);
        isServed = refusal === undefined;
        return refusal;
      } finally {
        stopEnding?.();
      }
    },
  );
  await closed;
  const code = response.headersSent ? response.statusCode : 0;
  parts.tell(exchange, { code, bytesOut: socket.bytesWritten - writtenBefore, endedAtMs: parts.now() });
}

async function serveUpgrade(parts: ProxyParts, message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  parts.openSockets.add(socket);
  const exchange = openExchange(message, parts.now());
  exchange.isUpgrade = true;
  const writtenBefore = message.socket.bytesWritten;
  const gone = new AbortController();
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      gone.abort(new Error('the client went away'));
      resolve();
    });
  });
  socket.on('error', () => socket.destroy());
  await conclude(
    parts,
    exchange,
    gone.signal,
    (refusal) => sendStatusRaw(socket, refusal.refused),
    async () => {
      const request = await admit(parts, message, exchange);
      if (isRefusal(request)) return request;
      const serving = { ...parts, ...noting(parts, exchange) };
      return serveStream(serving, request, message, { socket, head }, parts.policies(), gone.signal);
    },
  );
  await closed;
  const code = exchange.refusal?.refused.code ?? (exchange.upgraded === true ? switchingProtocols : 0);
  parts.tell(exchange, { code, bytesOut: message.socket.bytesWritten - writtenBefore, endedAtMs: parts.now() });
}

const switchingProtocols = 101;

/** Of the parts that serve, those that note what they do for this request. */
function noting(
  parts: ProxyParts,
  exchange: Exchange,
): Pick<ProxyParts & StreamParts, 'apiServer' | 'pause' | 'mask' | 'sessionOver'> {
  return {
    apiServer: notingUpstream(parts.apiServer, exchange, parts.elapsed),
    pause: notingPause(parts.pause, exchange),
    mask: notingMask(parts.mask, exchange),
    sessionOver: (session) => noteSession(exchange, session),
  };
}

/** As the API server ends a watch that is old enough: between two answers, and the client watches on elsewhere. */
function endWith(ending: AbortSignal, response: ServerResponse): () => void {
  const end = (): void => {
    if (response.headersSent) response.end();
  };
  ending.addEventListener('abort', end);
  return () => ending.removeEventListener('abort', end);
}

/** Whose request is it, and may it be made at all? */
async function admit(parts: ProxyParts, message: IncomingMessage, exchange: Exchange): Promise<ProxyRequest | Refusal> {
  const received = receive(message);
  if (isRefusal(received)) return received;
  exchange.received = received;
  let user;
  try {
    user = await parts.authenticator.authenticate(received.token);
  } catch (error) {
    return toUnidentified(error);
  }
  const borrowed = user.groups.find(isElevationGroup);
  if (borrowed !== undefined) {
    return refuse('unauthenticated', 'Unauthorized', { reason: `the token claims the group ${borrowed}` });
  }
  // As the API server will see this user, so that both judge by the same groups.
  user = { ...user, groups: [...user.groups, authenticatedGroup] };
  exchange.user = user;
  const unseenGroups = parts.aggregatedGroups();
  const verdict = evaluateRead(parts.policies(), user, received, unseenGroups);
  if (verdict.action === 'Deny') {
    const rule = verdict.rule === '' ? 'default' : verdict.rule;
    exchange.denied = { policy: verdict.policy, rule };
    return refuse('forbidden', verdict.message, { reason: `policy ${verdict.policy || 'none'}, rule ${rule}` });
  }
  const requestId = randomUUID();
  exchange.requestId = requestId;
  const elevations = possibleElevations(parts.policyObjects(), user, received.info, unseenGroups);
  return { ...received, user, requestId, elevations };
}

/** Vague on purpose: which check failed is for our log, not for whoever tries tokens. */
function toUnidentified(error: unknown): Refusal {
  const reason = messageOf(error);
  if (error instanceof HoldpointError && error.code === 'ERR_UPSTREAM_UNAVAILABLE') {
    // No 401: a client would throw a good token away.
    return refuse('identityUnknown', 'who you are cannot be told at the moment; try again', { reason });
  }
  return refuse('unauthenticated', 'Unauthorized', { reason });
}

/** Runs one request to its end and answers whatever became of it. Every failure is an answer, and a line in the log. */
async function conclude(
  parts: ProxyParts,
  exchange: Exchange,
  gone: AbortSignal,
  answer: (refusal: Refusal) => void,
  serve: () => Promise<Refusal | undefined>,
): Promise<void> {
  const { method } = exchange;
  const path = exchange.url.split('?', 1)[0];
  try {
    const refusal = await serve();
    if (refusal === undefined) return;
    exchange.refusal = refusal;
    parts.logger.info({ method, path, code: refusal.refused.code, reason: refusal.reason }, 'request refused');
    answer(refusal);
  } catch (error) {
    if (gone.aborted) {
      parts.logger.debug({ method, path }, 'client went away');
      return;
    }
    const refusal = toRefusal(error);
    exchange.refusal = refusal;
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

/** Ours are those without credentials; with a token, /healthz, /readyz and /metrics are the API server's. */
function answerOwn(parts: ProxyParts, message: IncomingMessage, response: ServerResponse): boolean {
  if (message.headers.authorization !== undefined || message.method !== 'GET') return false;
  switch (message.url) {
    case '/healthz':
      sendState(response, undefined);
      return true;
    case '/readyz':
      sendState(response, parts.notReady());
      return true;
    case '/metrics':
      void sendMetrics(response, parts.exposition);
      return true;
    default:
      return false;
  }
}

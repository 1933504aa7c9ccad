import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import {
  readRequestLine,
  type Elevation,
  type QueryParameters,
  type RequestInfo,
  type UserInfo,
} from '@holdpoint/core';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { framingProblem } from './body-framing.ts';
import { takeClientHeaders } from './client-headers.ts';

/** A client's request as far as it may be believed before anyone knows who sent it. */
export interface ReceivedRequest {
  method: string;
  /** The request target, spelled anew from its reading: what was judged is what is forwarded. */
  url: string;
  info: RequestInfo;
  /** The parameters of `url`, for judging. */
  query: QueryParameters;
  token: string;
  /** The client's headers that go on to the API server. */
  headers: OutgoingHttpHeaders;
  /** The `Kubectl-Command` header: printable, at most 200 characters; the client's own word. */
  command?: string;
  /** The `Kubectl-Session` header, one id a run of kubectl; the client's own word, so only what looks like an id. */
  invocation?: string;
}

/** The same, from a governed user. */
export interface ProxyRequest extends ReceivedRequest {
  /** One per request of the client, however often it is sent upstream. */
  requestId: string;
  user: UserInfo;
  /** Permissions that a rule may add to it; see upstream/elevated-send.ts. @default none */
  elevations?: readonly Elevation[];
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const maxCommandLength = 200;
/** kubectl sends a UUID. What is no id is left out: a header must not become a place to write texts into the record. */
const invocationId = /^[A-Za-z0-9-]{1,64}$/;

/** Reads method, URL and headers, or refuses what two readers could read in two ways. */
export function receive(
  message: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders'>,
): ReceivedRequest | Refusal {
  const { method = '', url = '' } = message;
  if (!methods.has(method)) return refuse('methodNotAllowed', `the method ${method} is not served`);
  // Node takes a line without a version for one of HTTP/0.9.
  if (message.httpVersion === '0.9') return refuse('malformed', 'the request line has no HTTP version');
  const taken = takeClientHeaders(message.rawHeaders);
  if (isRefusal(taken)) return taken;
  // RFC 9112, section 3.2: a request that does not say for whom it is may have been meant for another.
  if (message.httpVersion === '1.1' && !taken.hasHost) return refuse('malformed', 'the request has no Host header');
  const problem = framingProblem(method, message.httpVersion, taken.framing);
  if (problem !== undefined) return refuse('malformed', problem);
  const reading = readRequestLine(method, url);
  if ('refused' in reading) return refuse('malformed', reading.message);
  const { token, headers } = taken;
  const command = String(headers['kubectl-command'] ?? '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, maxCommandLength)
    .trim();
  const invocation = String(headers['kubectl-session'] ?? '');
  return {
    method,
    url: reading.target,
    info: reading.info,
    query: reading.query,
    token,
    headers,
    ...(command === '' ? {} : { command }),
    ...(invocationId.test(invocation) ? { invocation } : {}),
  };
}

/** True for requests that carry a body and change something. */
export function isWrite(request: ReceivedRequest): boolean {
  return request.method !== 'GET' && request.method !== 'HEAD';
}

/** One value of the URL's query. */
export function queryValues(url: string, name: string): string[] {
  return new URL(url, 'https://api.invalid').searchParams.getAll(name);
}

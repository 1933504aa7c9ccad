import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { requestInfoOf, type Elevation, type RequestInfo, type UserInfo } from '@holdpoint/core';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { takeClientHeaders } from './client-headers.ts';

/** A client's request as far as it may be believed before anyone knows who sent it. */
export interface ReceivedRequest {
  method: string;
  /** As sent: what was judged is what is forwarded. */
  url: string;
  info: RequestInfo;
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
export function receive(message: IncomingMessage): ReceivedRequest | Refusal {
  const { method = '', url = '' } = message;
  if (!methods.has(method)) return refuse('methodNotAllowed', `the method ${method} is not served`);
  const taken = takeClientHeaders(message.rawHeaders);
  if (isRefusal(taken)) return taken;
  const info = requestInfoOf(method, url);
  if ('refused' in info) return refuse('malformed', info.message);
  const command = String(taken.headers['kubectl-command'] ?? '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, maxCommandLength)
    .trim();
  const invocation = String(taken.headers['kubectl-session'] ?? '');
  return {
    method,
    url,
    info,
    ...taken,
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

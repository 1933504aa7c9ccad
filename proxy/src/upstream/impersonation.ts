import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import {
  authenticatedGroup,
  extraKeys,
  extraOf,
  HoldpointError,
  impersonationProblem,
  type Elevation,
} from '@holdpoint/core';
import type { ProxyRequest } from '../request/proxy-request.ts';

/**
 * The headers of one request to the API server: what the client may say, in the user's name, with a new Audit-ID.
 * Impersonation fails open (a request without these headers runs as the proxy itself), so this is the one place that
 * builds them, and it throws rather than leave the user out, or speak in the name of one whom the cluster stands on: RBAC
 * cannot keep the proxy from that, and whatever made such a user here was wrong.
 *
 * @param changes headers to set otherwise than the client did; undefined: not sent
 * @param elevation groups that this one sending of the request has beside the user's own
 */
export function upstreamHeaders(
  request: ProxyRequest,
  changes: OutgoingHttpHeaders = {},
  elevation: Elevation = [],
): OutgoingHttpHeaders {
  const { user } = request;
  const problem = impersonationProblem(user);
  if (problem !== undefined) throw new HoldpointError('ERR_TOKEN_INVALID', problem);
  const headers: OutgoingHttpHeaders = {
    ...request.headers,
    'audit-id': randomUUID(),
    'impersonate-user': headerText(user.username),
    // The API server adds this group itself, and impersonating it would need a permission of its own.
    'impersonate-group': [...user.groups, ...elevation].filter((group) => group !== authenticatedGroup).map(headerText),
    [extraHeaders.request]: request.requestId,
    ...changes,
  };
  for (const extra of ['session', 'onBehalfOf'] as const) {
    const value = extraOf(user, extraKeys[extra]);
    if (value !== undefined) headers[extraHeaders[extra]] = percentSafe(value);
  }
  if (request.command !== undefined) headers[extraHeaders.command] = request.command;
  if (request.invocation !== undefined) headers[extraHeaders.invocation] = request.invocation;
  return headers;
}

const extraHeaders = {
  session: extraHeader(extraKeys.session),
  request: extraHeader(extraKeys.request),
  command: extraHeader(extraKeys.command),
  invocation: extraHeader(extraKeys.invocation),
  onBehalfOf: extraHeader(extraKeys.onBehalfOf),
};

/** Source: client-go transport/round_trippers.go: keys are percent-encoded, because header names have no slash. */
function extraHeader(key: string): string {
  return `impersonate-extra-${encodeURIComponent(key)}`;
}

/** Node writes a header's characters as bytes; Go reads the bytes as UTF-8. Most names are ASCII, and the same in both. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function percentSafe(text: string): string {
  return text.replace(/[^\x21-\x7e]+/g, (run) => encodeURIComponent(run));
}

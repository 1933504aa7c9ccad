import type { OutgoingHttpHeaders } from 'node:http';
import { refuse, type Refusal } from '../refusal.ts';

/**
 * What of the client's headers reaches the API server: these and no others. A list of what is allowed cannot be slipped
 * past by a header nobody thought of. Hop-by-hop headers, cookies, Origin and Forwarded are not on it; Authorization,
 * Audit-ID and Impersonate-* are set by us.
 */
const forwarded = [
  'accept',
  'accept-encoding',
  'cache-control',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'kubectl-command',
  'kubectl-session',
  'range',
  'user-agent',
] as const;

/** What only the proxy may say to the API server. A client that says it is not confused but trying. */
const forged = /^(?:impersonate-|x-remote-|x-forwarded-client-cert)/;

/** Checks the client's headers and picks those that go on. `rawHeaders` as node:http gives them: every one, in order. */
export function takeClientHeaders(
  rawHeaders: readonly string[],
): { token: string; headers: OutgoingHttpHeaders } | Refusal {
  const seen = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    seen.set(name, [...(seen.get(name) ?? []), rawHeaders[at + 1] ?? '']);
  }
  for (const name of seen.keys()) {
    if (forged.test(name)) return refuse('forbidden', `the header ${name} is not the client's to set`);
  }
  const [authorization, second] = seen.get('authorization') ?? [];
  if (second !== undefined) return refuse('malformed', 'more than one Authorization header');
  const [, token] = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) {
    return refuse('unauthenticated', 'Unauthorized', {
      reason: authorization === undefined ? 'no Authorization header' : 'the Authorization header is no bearer token',
    });
  }

  const headers: OutgoingHttpHeaders = {};
  for (const name of forwarded) {
    const values = seen.get(name);
    if (values === undefined) continue;
    // Only Accept-like headers are lists: of any other, two readers could each take another one.
    if (values.length > 1 && !name.startsWith('accept')) return refuse('malformed', `more than one ${name} header`);
    headers[name] = values.join(', ');
  }
  return { token, headers };
}

import type { OutgoingHttpHeaders } from 'node:http';
import { refuse, type Refusal } from '../refusal.ts';
import type { BodyFraming } from './body-framing.ts';

/** What was taken from the client's headers. */
export interface TakenHeaders {
  token: string;
  headers: OutgoingHttpHeaders;
  framing: BodyFraming;
  hasHost: boolean;
}

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

/**
 * What only the proxy may say to the API server. A client that says it is not confused but trying. The underscore is what
 * servers behind a gateway make of a dash, or a dash of it.
 */
const forged = /^(?:impersonate|x[-_]remote|x[-_]forwarded[-_]client[-_]cert)(?:[-_]|$)/;

/** Another method or URL than the request line's. The API server ignores them; whoever sends them means a request we have not judged. */
const secondReadings = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

/** Said twice, two readers could each take another one. */
const saidOnce = [
  'authorization',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'sec-websocket-key',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
];

/** What a client may say of its connection. Any other name there takes a header away for some readers and not for others. */
const connectionOptions = new Set(['', 'close', 'keep-alive', 'upgrade', 'te', 'trailer']);

/**
 * kubectl sends about ten, behind a chain of gateways some thirty. A megabyte has room for 200,000, and each would be
 * looked at before anyone is asked who they are.
 */
const maxHeaders = 256;

/** Bytes that no header carries between honest parties; a tab may stand between words. */
const controlCharacters = /[\x00-\x08\x0a-\x1f\x7f]/; // eslint-disable-line no-control-regex

/** Checks the client's headers and picks those that go on. `rawHeaders` as node:http gives them: every one, in order. */
export function takeClientHeaders(rawHeaders: readonly string[]): TakenHeaders | Refusal {
  if (rawHeaders.length > 2 * maxHeaders) {
    return refuse('headersTooLarge', `more than ${String(maxHeaders)} headers`);
  }
  const seen = valuesByName(rawHeaders);
  const refused = forgery(seen) ?? ambiguity(seen);
  if (refused !== undefined) return refused;

  const token = bearerToken(seen.get('authorization')?.[0]);
  if (typeof token !== 'string') return token;
  const headers: OutgoingHttpHeaders = {};
  for (const name of forwarded) {
    const values = seen.get(name);
    if (values === undefined) continue;
    // Only Accept-like headers are lists: of any other, two readers could each take another one.
    if (values.length > 1 && !name.startsWith('accept')) return refuse('malformed', `more than one ${name} header`);
    headers[name] = values.join(', ');
  }
  const framing = {
    contentLength: seen.get('content-length')?.[0],
    transferEncoding: seen.get('transfer-encoding')?.[0],
  };
  return { token, headers, framing, hasHost: seen.has('host') };
}

function valuesByName(rawHeaders: readonly string[]): Map<string, string[]> {
  const seen = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const values = seen.get(name);
    if (values === undefined) seen.set(name, [value]);
    else values.push(value);
  }
  return seen;
}

function forgery(seen: ReadonlyMap<string, readonly string[]>): Refusal | undefined {
  for (const name of seen.keys()) {
    if (forged.test(name)) return refuse('forbidden', `the header ${name} is not the client's to set`);
    if (secondReadings.has(name)) {
      return refuse('malformed', `the header ${name} asks for another request than the request line does`);
    }
  }
  return undefined;
}

function ambiguity(seen: ReadonlyMap<string, readonly string[]>): Refusal | undefined {
  for (const name of saidOnce) {
    if ((seen.get(name)?.length ?? 0) > 1) return refuse('malformed', `more than one ${titleCase(name)} header`);
  }
  for (const option of (seen.get('connection') ?? []).join(',').split(',')) {
    const named = option.trim().toLowerCase();
    if (!connectionOptions.has(named)) return refuse('malformed', `the Connection header names ${named}`);
  }
  for (const [name, values] of seen) {
    if (values.some((value) => controlCharacters.test(value))) {
      return refuse('malformed', `the header ${name} has a control character`);
    }
  }
  return undefined;
}

function bearerToken(authorization: string | undefined): string | Refusal {
  const [, token] = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization ?? '') ?? [];
  if (token !== undefined) return token;
  return refuse('unauthenticated', 'Unauthorized', {
    reason: authorization === undefined ? 'no Authorization header' : 'the Authorization header is no bearer token',
  });
}

function titleCase(name: string): string {
  return name.replace(/(^|-)(.)/g, (_whole, dash: string, letter: string) => dash + letter.toUpperCase());
}

import type { IncomingMessage } from 'node:http';

/** RFC 9110, section 7.6.1: these speak of one connection, and ours are others. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What described the bytes as they were before masking. */
const ofTheBody = new Set(['content-length', 'content-encoding', 'etag', 'content-md5', 'digest']);

/** The answer's headers for the client, in order, as node:http takes them. */
export function answerHeaders(answer: IncomingMessage, options: { bodyChanges: boolean }): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const name = (answer.rawHeaders[at] ?? '').toLowerCase();
    if (hopByHop.has(name) || (options.bodyChanges && ofTheBody.has(name))) continue;
    headers.push(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
  }
  return headers;
}

/** A `Warning` header, which kubectl prints. Source: apimachinery util/net/http.go, NewWarningHeader. */
export function warningHeader(text: string): [string, string] {
  const safe = text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, (character) => `\\${character}`);
  return ['Warning', `299 - "${safe}"`];
}

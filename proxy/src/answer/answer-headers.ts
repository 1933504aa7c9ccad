import type { IncomingMessage } from 'node:http';
import { maskWarning, type AnswerMasking, type Mask } from '@holdpoint/core';

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

interface MaskedHeaders {
  mask: Mask;
  how: Pick<AnswerMasking, 'assumed'>;
  answerAs: 'json' | 'yaml';
}

/**
 * The answer's headers for the client, in order, as node:http takes them.
 *
 * @param options.masked the body is another than the API server's: what described that goes, `Content-Type` says how it is
 *   written now, and warnings, which may quote a value, are masked or withheld
 * @param options.notice added as a `Warning`; one of the webhook's that it ends with says nothing more, and is left out
 */
export function answerHeaders(
  answer: Pick<IncomingMessage, 'rawHeaders'>,
  options: { masked?: MaskedHeaders; notice?: string | undefined },
): string[] {
  const headers: string[] = [];
  const { masked } = options;
  const notice = options.notice === undefined ? [] : warningHeader(options.notice);
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const name = (answer.rawHeaders[at] ?? '').toLowerCase();
    if (hopByHop.has(name) || (masked !== undefined && ofTheBody.has(name))) continue;
    const value = answer.rawHeaders[at + 1] ?? '';
    if (name === 'warning' && isSaidBy(notice[1], value)) continue;
    headers.push(answer.rawHeaders[at] ?? '', masked === undefined ? value : shown(name, value, masked));
  }
  return [...headers, ...notice];
}

function shown(name: string, value: string, { mask, how, answerAs }: MaskedHeaders): string {
  if (name === 'warning') return shownWarning(value, mask, how);
  return name === 'content-type' && answerAs === 'yaml'
    ? value.replace(/^application\/json/i, 'application/yaml')
    : value;
}

/** One that is not written as the API server writes them is masked whole. */
function shownWarning(value: string, mask: Mask, how: Pick<AnswerMasking, 'assumed'>): string {
  const [, said] = /^299 \S+ "((?:[^"\\]|\\.)*)"$/.exec(value) ?? [];
  const text = said === undefined ? value : said.replace(/\\(.)/g, '$1');
  const masked = maskWarning(text, mask, how);
  return masked === text ? value : warningHeader(masked)[1];
}

/** `299 - "held 5s, approved by alice (h-1)"` says all that `299 - "approved by alice (h-1)"` does. */
function isSaidBy(notice: string | undefined, warning: string): boolean {
  const said = /^299 \S+ "(.+"$)/.exec(warning)?.[1];
  return said !== undefined && notice?.endsWith(`, ${said}`) === true;
}

/** A `Warning` header, which kubectl prints. Source: apimachinery util/net/http.go, NewWarningHeader. */
export function warningHeader(text: string): [string, string] {
  const safe = text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, (character) => `\\${character}`);
  return ['Warning', `299 - "${safe}"`];
}

import type { Span } from './span.ts';

const begin = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const putty = /PuTTY-User-Key-File-\d: /g;

/**
 * Private keys in PEM (RFC 7468, and OpenSSH's and OpenPGP's like of it), however their lines end; of one that is cut off,
 * all that follows. Certificates and public keys are none. Also PuTTY's own format, to the end of the text.
 */
export function findPrivateKeys(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(begin)) {
    if (match.index < from) continue;
    const end = text.indexOf('-----END', match.index + match[0].length);
    if (end < 0) return [...spans, { start: match.index, end: text.length }];
    const close = text.indexOf('-----', end + 8);
    from = close < 0 ? text.length : close + 5;
    spans.push({ start: match.index, end: from });
  }
  const start = text.search(putty);
  return start < 0 ? spans : [...spans, { start, end: text.length }];
}

import type { Span } from './span.ts';

const scheme = /[a-z][a-z0-9+.-]{0,30}:\/\//gi;
const endOfAuthority = /[\s"'`<>\\]/;
/** Longer than any credential in a URL; without an end, each scheme in a text of schemes would be read to its end. */
const longestAuthority = 1_024;

/**
 * The password in a URL or connection string with user information (`postgres://user:password@host`), or the whole of it
 * where it has no colon and is long enough to be a token (`https://TOKEN@host`). A user's name alone stays.
 */
export function findUrlCredentials(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const { index, 0: begin } of text.matchAll(scheme)) {
    const start = index + begin.length;
    if (start < from) continue; // Within what is masked already.
    // Cut off first, then looked through: a search to the end of the text from each scheme would take its square.
    const longest = text.slice(start, start + longestAuthority);
    const end = longest.search(endOfAuthority);
    const within = end < 0 ? longest : longest.slice(0, end);
    // People write passwords as they are, slashes and all. Of a web page's address the path may have an @ of its own; of a
    // database's or a queue's, the last @ is the one before the host.
    const isWeb = /^https?:/i.test(begin);
    const authority = within.replace(isWeb && /^[^/?#]*@/.test(within) ? /[/?#].*$/s : /[?#].*$/s, '');
    const at = authority.lastIndexOf('@');
    if (at < 0) continue;
    const colon = authority.indexOf(':');
    const isPair = colon >= 0 && colon < at;
    if (!isPair && !/^[\w.~%+-]{20,}$/.test(authority.slice(0, at))) continue;
    // A path that has a colon and an @ (`https://host/a:b@c`) is none of this.
    if (isPair && /[/?#]/.test(authority.slice(0, colon))) continue;
    // `host:8080/path@v2`: a port and a path.
    if (isPair && /^:\d{1,5}\//.test(authority.slice(colon))) continue;
    const secret = start + (isPair ? colon + 1 : 0);
    if (secret >= start + at) continue;
    from = start + at;
    spans.push({ start: secret, end: from });
  }
  return spans;
}

import { spansOf, type Span } from './span.ts';

/** Schemes that carry a credential themselves (RFC 7617, RFC 6750, and what GitHub, AWS and others made of them). */
const header =
  /(?<![\w-])(?:proxy-)?authorization["']{0,2}\s{0,4}[:=]\s{0,4}["']{0,2}(?:(?:basic|bearer|token|apikey|digest|negotiate|splunk|aws4-hmac-sha256)\s{1,4}|(?=[^\s"',;]{0,200}\d))([^\s"',;][^\r\n"']{3,4096})/dgi;
const scheme =
  /(?<![\w-])(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s{1,4}((?=[\w.~+/-]{0,200}?(?:\d|[a-z][A-Z]|[+~]))[\w.~+/-]{12,8192}=*)/dg;
const cookie = /(?<![\w-])(?:set-)?cookie["']{0,2}\s{0,4}:\s{0,4}["']{0,2}([^\s"'][^\r\n"']{3,4096})/dgi;

/** What follows `Authorization:`, `Bearer`, `Basic` and `Cookie:`. */
export function findAuthorization(text: string): Span[] {
  return [header, scheme, cookie].flatMap((pattern) => spansOf(pattern, text));
}

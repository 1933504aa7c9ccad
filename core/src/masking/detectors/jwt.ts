import { spansOf, type Span } from './span.ts';

/** `eyJ` is base64 of `{"`: header, payload and signature (RFC 7519), or the five parts of an encrypted one (RFC 7516). */
const token = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*(?:\.[\w-]+){0,2}/dg;

/** JSON Web Tokens: service account tokens, OIDC tokens. */
export function findJwts(text: string): Span[] {
  return spansOf(token, text);
}

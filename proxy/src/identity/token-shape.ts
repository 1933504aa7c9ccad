import { duplicateMember, HoldpointError, isJsonObject, messageOf, type JsonObject } from '@holdpoint/core';

/** A token as it says of itself. Nothing of it is verified: it only chooses who verifies, and what is refused unread. */
export interface UnverifiedToken {
  issuer: string;
  claims: JsonObject;
}

/** As the API server's OIDC authenticator: public keys only, never `none`, never a shared secret. */
export const algorithms: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
];

/** 500 groups of forty characters come to 27 KiB; what is larger costs more to hash and parse than anybody's identity is worth. */
const maxTokenLength = 32_768;

/** ID and access tokens. A logout token or a DPoP proof of the same issuer has the same signature. Source: RFC 8725, 3.11. */
const types: readonly string[] = ['jwt', 'at+jwt'];

/** First of all, before a token is so much as hashed. @throws HoldpointError ERR_TOKEN_INVALID */
export function assertReadableLength(token: string): void {
  if (token.length <= maxTokenLength) return;
  throw invalid(`has ${String(token.length)} characters, and ${String(maxTokenLength)} are read`);
}

/**
 * Reads a compact JWT and refuses, before any key is asked for, what no key could make good.
 *
 * @throws HoldpointError ERR_TOKEN_INVALID saying what is wrong with it
 */
export function readToken(token: string): UnverifiedToken {
  const parts = token.split('.');
  const [head = '', body = ''] = parts;
  if (parts.length !== 3) throw invalid('is no signed JWT: it has not three parts');
  const header = parsePart(head, 'header');
  const { alg, typ, crit } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw invalid(`is signed by an algorithm that is not taken; taken: ${algorithms.join(', ')}`);
  }
  if (crit !== undefined) throw invalid('has critical extensions, and none is known');
  if (typ !== undefined && !(typeof typ === 'string' && types.includes(typeOf(typ)))) {
    throw invalid(`is of a type that is not taken; taken: ${types.join(', ')}`);
  }
  const claims = parsePart(body, 'payload');
  if (typeof claims.iss !== 'string') throw invalid('names no issuer');
  return { issuer: claims.iss, claims };
}

function parsePart(part: string, name: string): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`has a ${name} that cannot be read: ${messageOf(cause)}`, cause);
  }
  if (!isJsonObject(value)) throw invalid(`has a ${name} that is no object`);
  const twice = duplicateMember(text);
  if (twice !== undefined) throw invalid(`says twice in its ${name}: ${twice}`);
  return value;
}

/** Source: RFC 7515, section 4.1.9: in any case, and `application/` may be left out. */
function typeOf(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function invalid(problem: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_TOKEN_INVALID', `the token ${problem}`, cause === undefined ? {} : { cause });
}

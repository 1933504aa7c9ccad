import type { JSONWebKeySet } from 'jose';
import { isJsonObject, type JwtAuthenticator } from '@holdpoint/core';

/** Asks an issuer for its keys as they are now. Rejects with whatever keeps it from answering. */
export type FetchKeys = () => Promise<JSONWebKeySet>;

/** Both documents are some KiB; an issuer that sends more, or endlessly, is not read on. */
const maxDocumentBytes = 1_048_576;
/** Whoever has just signed in waits for this. */
const timeoutMs = 5_000;
/** A provider has two or three at a time. A token without a key id is tried with each. */
const maxKeys = 100;

/**
 * Finds an issuer's keys by OIDC discovery, each time from the start: `jwks_uri` may move too. A document that speaks for
 * another issuer is refused, and so is a redirect: the authority was named for this host, and not for the next.
 */
export function createDiscovery(issuer: JwtAuthenticator['issuer'], fetch: typeof globalThis.fetch): FetchKeys {
  return async () => {
    const document = await getJson(issuer.discoveryUrl, fetch);
    if (!isJsonObject(document) || document.issuer !== issuer.url) {
      throw new Error(`${issuer.discoveryUrl} does not describe the issuer ${issuer.url}`);
    }
    const { jwks_uri: uri } = document;
    if (typeof uri !== 'string' || !uri.startsWith('https://')) {
      throw new Error(`${issuer.discoveryUrl}: jwks_uri is not an https URL`);
    }
    return toKeySet(await getJson(uri, fetch), uri);
  };
}

/** @throws Error naming `source` when it is no JSON Web Key Set */
export function toKeySet(value: unknown, source: string): JSONWebKeySet {
  const keys = isJsonObject(value) ? value.keys : undefined;
  if (!Array.isArray(keys) || keys.length > maxKeys || !keys.every(isJsonObject)) {
    throw new Error(`${source} is no set of at most ${String(maxKeys)} keys`);
  }
  return { keys: keys as unknown as JSONWebKeySet['keys'] };
}

async function getJson(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json, application/jwk-set+json' },
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`${url} answers ${String(answer.status)}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxDocumentBytes) throw new Error(`${url} answers more than ${String(maxDocumentBytes)} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

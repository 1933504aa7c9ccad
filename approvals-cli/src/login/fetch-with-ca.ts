import { Agent, fetch } from 'undici';

/** Somebody waits at a terminal: an issuer that says nothing for so long is down. */
const timeoutMs = 15_000;

/** A fetch that trusts `ca` (PEM) and nothing else; without one, the system's authorities. Follows no redirect by itself. */
export function createFetch(ca: string | undefined): typeof globalThis.fetch {
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  // undici's own fetch and the global one are the same by another version: the types differ, the shapes do not.
  return ((url: string, init?: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;
}

import { Agent, fetch } from 'undici';

/** A fetch that trusts `ca` (PEM) and nothing else; without one, the system's authorities. */
export function createFetch(ca: string | undefined): typeof globalThis.fetch {
  const dispatcher = new Agent({
    connect: ca === undefined ? { timeout: 5_000 } : { ca, timeout: 5_000 },
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  });
  // undici's own fetch and the global one are the same by another version: the types differ, the shapes do not.
  return ((url: string, init?: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;
}

import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 250;

/** Polls until `probe` gives a value. Rejects after `timeoutMs`, naming what did not come. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not within ${String(timeoutMs)} ms: ${what}`);
    await sleep(pollMs);
  }
}

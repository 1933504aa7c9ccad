import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { Logger, OpenStore } from '@holdpoint/platform';

const retryDelaysMs = [500, 2_000, 5_000, 15_000];

/**
 * Opens the store and prepares it, for ever until it answers; events go to the spool meanwhile. Undefined when `signal` ended
 * that. What will not get better by itself, an error of ours, rejects.
 */
export async function openWhenUp(
  open: () => Promise<OpenStore>,
  prepare: (store: OpenStore) => Promise<void>,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<OpenStore | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    let store: OpenStore | undefined;
    try {
      store = await open();
      await prepare(store);
      return store;
    } catch (error) {
      await store?.writer.close();
      if (error instanceof HoldpointError) throw error;
      logger.error({ err: error, reason: messageOf(error) }, 'store cannot be opened yet');
    }
    const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)];
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

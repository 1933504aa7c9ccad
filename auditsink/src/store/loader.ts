import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@holdpoint/platform';
import { readPosition, writePosition } from '../spool/position-file.ts';
import type { Spool } from '../spool/spool.ts';
import { readPayload } from '../spool/spooled.ts';
import type { AuditStore } from './audit-store.ts';

export interface Loader {
  /** There is something new in the spool. */
  wake(): void;
  /** Loads what is there, then ends. */
  close(): Promise<void>;
}

/** ClickHouse wants few large inserts: what comes within this time goes together. */
const gatherMs = 500;
const maxRecordsABatch = 200;
const retryDelaysMs = [200, 1_000, 5_000, 15_000];

/**
 * Feeds the store from the spool, for ever and in order. The position is written only after the store has the rows; a
 * crash in between loads them again, and the store leaves out what it has.
 */
export function createLoader(spool: Spool, store: AuditStore, positionFile: string, logger: Logger): Loader {
  let position = readPosition(positionFile);
  let closing = false;
  let awake: () => void = () => undefined;
  let news = true;

  const loadOnce = async (): Promise<boolean> => {
    const batch = await spool.read(position, maxRecordsABatch);
    if (batch === undefined) return false;
    const spooled = batch.payloads.map(readPayload);
    const events = spooled.flatMap(({ table, lines }) => (table === 'audit_events' ? lines : []));
    const recordings = spooled.flatMap(({ table, lines }) => (table === 'recordings' ? lines : []));
    if (events.length > 0) await store.storeEvents(events);
    if (recordings.length > 0) await store.storeRecordings(recordings);
    position = batch.end;
    writePosition(positionFile, position);
    spool.forgetBefore(position);
    return true;
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; ;) {
      try {
        news = false;
        while (await loadOnce());
        failures = 0;
        if (closing) return;
        if (!news) await new Promise<void>((resolve) => (awake = resolve));
        if (!closing) await sleep(gatherMs);
      } catch (error) {
        logger.error({ err: error, position }, 'store does not take the spool');
        if (closing) return; // It stays in the spool, for the next start.
        await sleep(retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)]);
        failures += 1;
      }
    }
  };
  const running = run();
  return {
    wake() {
      news = true;
      awake();
    },
    async close() {
      closing = true;
      awake();
      await running;
    },
  };
}

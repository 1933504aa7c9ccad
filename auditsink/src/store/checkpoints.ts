import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkpointText, HoldpointError, messageOf, type ChainedTable, type Checkpoint } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { reached } from '../spool/steps.ts';
import type { AuditStore } from './audit-store.ts';
import type { StoredEnd } from './plan.ts';
import { storeTimeOf } from './store-time.ts';

export type Ends = Readonly<Partial<Record<ChainedTable, StoredEnd>>>;

export interface CheckpointOptions {
  store: AuditStore;
  sink: string;
  /** What each checkpoint states. 0: rows are kept for ever. */
  retentionDays: number;
  /** Signs a text, as base64. Undefined: the sink has no key. */
  sign?: ((text: string) => string) | undefined;
  now: () => number;
  logger: Logger;
  /** @default 5 min: so much of a record's end could be cut off without a checkpoint to tell */
  everyMs?: number;
  /** @default 100 000 */
  everyRows?: number;
}

/** Writes down, from time to time, how far each chain reaches. */
export interface Checkpoints {
  /** Once, before the store is told of another retention than the last checkpoints state: see `createChainVerifier`. */
  stateRetention(ends: Ends): Promise<void>;
  /** Before rows of another day: whole days expire, and each has to end with a checkpoint. */
  beforeRowsOf(storedAt: string, ends: Ends): Promise<void>;
  /** Where enough rows or time went by. */
  ifDue(ends: Ends): Promise<void>;
  /** Where there is anything new. */
  now(ends: Ends): Promise<void>;
  /** When `ifDue` is to be asked again. */
  readonly everyMs: number;
}

interface Last {
  sequence: number;
  retentionDays: number;
  /** When this process wrote it, or first saw that there is one. */
  atMs: number;
}

export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { store, sink, retentionDays, now, logger, everyMs = 5 * 60_000, everyRows = 100_000 } = options;
  const known = new Map<ChainedTable, Last>();

  const lastOf = async (table: ChainedTable): Promise<Last> => {
    const found = known.get(table);
    if (found !== undefined) return found;
    const stored = await store.readLastCheckpoint(table);
    const last = { sequence: stored?.sequence ?? 0, retentionDays: stored?.retention_days ?? 0, atMs: now() };
    known.set(table, last);
    return last;
  };
  const write = async (table: ChainedTable, end: StoredEnd, statedDays = retentionDays): Promise<void> => {
    const { sequence, chain, storedAt } = end;
    const stated = { table_name: table, sink, sequence, chain, stored_at: storedAt, retention_days: statedDays };
    const checkpoint: Checkpoint = { ...stated, signature: options.sign?.(checkpointText(stated)) ?? '' };
    reached('checkpointing');
    await store.insertCheckpoint(checkpoint);
    reached('checkpointed');
    known.set(table, { sequence, retentionDays: statedDays, atMs: now() });
    // Who cuts off the end of a chain takes its checkpoints too: the log is where they are told a second time.
    logger.info(checkpoint, 'checkpoint stored');
  };
  const writeWhere = async (ends: Ends, isWanted: (last: Last, end: StoredEnd) => boolean): Promise<void> => {
    for (const [table, end] of Object.entries(ends) as [ChainedTable, StoredEnd][]) {
      const last = await lastOf(table);
      if (end.sequence > last.sequence && isWanted(last, end)) await write(table, end);
    }
  };
  return {
    everyMs,
    async stateRetention(ends) {
      for (const [table, end] of Object.entries(ends) as [ChainedTable, StoredEnd][]) {
        const last = await lastOf(table);
        if (last.retentionDays === retentionDays) continue;
        // Two: one that ends the time of the old retention where the rows end, one that begins that of the new today.
        if (end.sequence > last.sequence) await write(table, end, last.retentionDays);
        await write(table, { ...end, storedAt: storeTimeOf(now(), end.storedAt) });
      }
    },
    beforeRowsOf: (storedAt, ends) =>
      writeWhere(ends, (_last, end) => end.storedAt.slice(0, 10) !== storedAt.slice(0, 10)),
    ifDue: (ends) =>
      writeWhere(ends, (last, end) => end.sequence - last.sequence >= everyRows || now() - last.atMs >= everyMs),
    now: (ends) => writeWhere(ends, () => true),
  };
}

/**
 * Reads the key that checkpoints are signed with.
 *
 * @param file PEM of an Ed25519 key in PKCS #8; make one with: openssl genpkey -algorithm ed25519
 * @throws HoldpointError ERR_CONFIG_INVALID naming the file, never its content
 */
export function createSigner(file: string): (text: string) => string {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is of type ${String(key.asymmetricKeyType)}`);
    return (text) => sign(null, Buffer.from(text), key).toString('base64');
  } catch (cause) {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      `${file}: expected an Ed25519 private key in PEM: ${messageOf(cause)}; make one with: openssl genpkey -algorithm ed25519`,
      { cause },
    );
  }
}

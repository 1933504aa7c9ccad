import type { Sha256 } from './to-row.ts';

/** The tables that are chained. */
export type ChainedTable = 'audit_events' | 'recordings';

/** How far a sink's record of one table reaches. `chain` stands for everything up to and with `sequence`. */
export interface ChainEnd {
  sequence: number;
  chain: string;
}

/** Before the first row. */
export const chainStart: ChainEnd = { sequence: 0, chain: '0'.repeat(64) };

/** Where a row stands, as the store has it beside the row's own columns. */
export interface ChainPlace {
  sequence: number;
  sink: string;
  /** As the store writes it, with milliseconds. */
  stored_at: string;
}

/**
 * The link of one row: the hash of the link before, the row's place, and the row's line (see `toRowLine`; its columns in
 * their order). Whoever changes, removes or inserts a row has to change every link behind it, and then meets a checkpoint.
 */
export function linkOf(
  previous: string,
  { sequence, sink, stored_at }: ChainPlace,
  line: string,
  sha256: Sha256,
): string {
  return sha256([previous, String(sequence), sink, stored_at, line].join('\n'));
}

/** A signed statement of a sink: so far its record reached at this time. One row of `checkpoints`. */
export interface Checkpoint extends ChainPlace {
  table_name: ChainedTable;
  chain: string;
  /** Rows older than this may have been removed since. 0: never. */
  retention_days: number;
  /** Base64 of the Ed25519 signature of `checkpointText`; empty when the sink has no key. */
  signature: string;
}

/** What is signed. */
export function checkpointText(checkpoint: Omit<Checkpoint, 'signature'>): string {
  const { table_name, sink, sequence, chain, stored_at, retention_days } = checkpoint;
  return ['holdpoint checkpoint v1', table_name, sink, String(sequence), chain, stored_at, String(retention_days)].join(
    '\n',
  );
}

import type { ChainedTable } from '@holdpoint/core';

/** Whoever counts what the loader does. */
export interface StoreObserver {
  /** Rows that the store has now. */
  stored(table: ChainedTable, rows: number): void;
  /** A batch is through: how long it took, plan and all, and how many bytes of the spool wait behind it. */
  loaded(seconds: number, waitingBytes: number): void;
  /** The store did not take a batch; it is tried again. */
  failed(): void;
  /** A line became a stub, because the store does not take what it says. */
  refused(table: ChainedTable): void;
}

const nothing = (): void => undefined;

export const noStoreObserver: StoreObserver = { stored: nothing, loaded: nothing, failed: nothing, refused: nothing };

import type { JsonObject } from '@holdpoint/core';

/** One item of a list, or one line of a log. */
export type ScannedItem =
  | { type: 'Whole'; bytes: Buffer }
  /** Longer than it may be: what is left of it is its length, its hash (lower-case hex), and its small fields. */
  | { type: 'Oversize'; length: number; contentHash: string; fields: JsonObject };

/** Gathers an item from its pieces; holds no more than one item's limit whatever the item's length. */
export interface ItemGatherer {
  add(piece: Buffer): void;
  /** The item, which is whole now. */
  take(): ScannedItem;
  heldBytes(): number;
}

import type { Hold } from '../holds/hold.ts';

/** A hash as hex: SHA-256 at the edge. No key: an id is no secret, and proves nothing. */
export type Hash = (text: string) => string;

/**
 * The id of one thing that one receiver is told: the same however often and by whichever replica it is sent, so that a
 * receiver can drop what it has seen. 128 bits, as hex.
 */
export function deliveryIdOf(hold: Hold, phase: string, receiver: string, hash: Hash): string {
  return hash(JSON.stringify([hold.metadata.uid ?? '', phase, receiver])).slice(0, 32);
}

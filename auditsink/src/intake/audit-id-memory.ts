import { createGenerations, type AuditRow } from '@holdpoint/core';

/**
 * Remembers which content was last seen under an audit id and stage. An Audit-ID is taken from the client as it is, so two
 * contents under one are a forgery or a mistake: both are kept, and it is told of.
 */
export interface AuditIdMemory {
  /** True when this event's id and stage were seen with another content. */
  isCollision(row: Pick<AuditRow, 'source' | 'audit_id' | 'stage' | 'event_hash'>): boolean;
}

/** Half a minute of events at the rate that one API server sends at most: re-sent batches come within that. */
const rememberedIds = 200_000;
/** An id is a UUID, or up to a megabyte of a hostile client's header. The rest is in the event's hash all the same. */
const maxKeyLength = 200;

export function createAuditIdMemory(maxIds: number = rememberedIds): AuditIdMemory {
  const hashes = createGenerations<string>(maxIds);
  return {
    isCollision({ source, audit_id, stage, event_hash }) {
      if (audit_id === '') return false;
      // What the proxy tells of a request is another record than the API server's, under the same id by design.
      const teller = source === 'proxy' ? 'proxy' : 'apiserver';
      const key = `${teller} ${stage} ${audit_id}`.slice(0, maxKeyLength);
      const known = hashes.get(key);
      hashes.set(key, event_hash);
      return known !== undefined && known !== event_hash;
    },
  };
}

import { HoldpointError, type ChainedTable } from '@holdpoint/core';

/** What one record of the spool carries: masked rows for one table, each as the line that `toRowLine` makes of it. */
export interface Spooled {
  table: ChainedTable;
  lines: readonly string[];
}

/** The name of the table, then the rows, a line each: nothing has to be parsed to be passed on. */
export function toPayload({ table, lines }: Spooled): Buffer {
  return Buffer.from(`${table}\n${lines.join('\n')}`);
}

/** @throws HoldpointError ERR_SPOOL_CORRUPT when these bytes, though whole, are no such record */
export function readPayload(payload: Buffer): Spooled {
  const [table, ...lines] = payload.toString('utf8').split('\n');
  if (table !== 'audit_events' && table !== 'recordings') {
    throw new HoldpointError('ERR_SPOOL_CORRUPT', 'a record of the spool names no table that this version knows');
  }
  return { table, lines };
}

/** What is told of a row by the place where it stands in its line. */
export interface RowIdentity {
  hash: string;
  /** `event_time`, or `started_at`. */
  time: string;
}

const identity = /^\{"event_hash":"([0-9a-f]{64})","(?:event_time|started_at)":"([0-9 :.-]{26})",/;

/** @throws HoldpointError ERR_SPOOL_CORRUPT when the line is no row's */
export function identityOf(line: string): RowIdentity {
  const [, hash, time] = identity.exec(line) ?? [];
  if (hash === undefined || time === undefined) {
    throw new HoldpointError('ERR_SPOOL_CORRUPT', 'a line of the spool is no row of this version');
  }
  return { hash, time };
}

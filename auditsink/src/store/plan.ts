import { emptyRow, HoldpointError, linkOf, toRowLine, type ChainedTable, type ChainEnd } from '@holdpoint/core';
import type { SpoolPosition } from '../spool/spool.ts';
import { identityOf } from '../spool/spooled.ts';
import { sha256 } from '../sha256.ts';

/** How far a table's chain reaches, and when its last row was stored. */
export interface StoredEnd extends ChainEnd {
  /** As the store writes it, with milliseconds. */
  storedAt: string;
}

/** What goes into one table: a run of its chain, under one insert token. */
export interface PlanPart {
  table: ChainedTable;
  token: string;
  /** The place of the first row, and the chain before it. */
  first: number;
  previous: string;
  rows: number;
  /** The chain after the last row: what proves that a plan is carried out with the lines it was made for. */
  chain: string;
  /** Which of the table's lines in this range are not stored: the store has them, or they come twice. Counted from 0. */
  omitted: readonly number[];
  /** Which of them the store cannot take, by their number, and its reason: a stub stands in their place. */
  refused: Readonly<Record<number, string>>;
}

/**
 * What is done with a range of the spool, on disk before anything of it is stored. Who carries it out again, after a crash
 * or an insert whose outcome is unknown, inserts the very same rows at the same places under the same token.
 */
export interface Plan {
  from: SpoolPosition;
  end: SpoolPosition;
  /** How many records of the spool lie between. */
  records: number;
  sink: string;
  storedAt: string;
  parts: readonly PlanPart[];
  /** Of every table once the plan is carried out. */
  ends: Readonly<Partial<Record<ChainedTable, StoredEnd>>>;
}

/**
 * The rows of a part as they are inserted, each with its place in front.
 *
 * @param lines all lines of the table in the plan's range
 * @throws HoldpointError ERR_SPOOL_CORRUPT when these are not the lines that the plan was made for
 */
export function placedRows({ sink, storedAt }: Plan, part: PlanPart, lines: readonly string[]): string[] {
  const { rows, chain } = chained(sink, storedAt, part, lines);
  if (rows.length !== part.rows || chain !== part.chain) {
    throw new HoldpointError(
      'ERR_SPOOL_CORRUPT',
      `what the spool has for ${part.table} is not what the plan for it was made of; was a file of it restored?`,
      { details: { table: part.table, first: part.first } },
    );
  }
  return rows;
}

/** Completes a part: how many rows it has, where its chain ends, and its token. */
export function toPart(
  sink: string,
  storedAt: string,
  part: Omit<PlanPart, 'rows' | 'chain' | 'token'>,
  lines: readonly string[],
): PlanPart {
  const { rows, chain } = chained(sink, storedAt, part, lines);
  // The chain stands for the rows, their places and everything before them: a token of nothing else.
  return { ...part, rows: rows.length, chain, token: `${part.table}/${sink}/${String(part.first)}/${chain}` };
}

function chained(
  sink: string,
  stored_at: string,
  { table, first, previous, omitted, refused }: Omit<PlanPart, 'rows' | 'chain' | 'token'>,
  lines: readonly string[],
): { rows: string[]; chain: string } {
  const left = new Set(omitted);
  const rows: string[] = [];
  let chain = previous;
  let sequence = first;
  for (const [i, spooled] of lines.entries()) {
    if (left.has(i)) continue;
    const why = refused[i];
    const line = why === undefined ? spooled : stubLine(table, spooled, why, stored_at);
    const place = { sequence, sink, stored_at };
    chain = linkOf(chain, place, line, sha256);
    rows.push(`${JSON.stringify({ ...place, chain }).slice(0, -1)},${line.slice(1)}`);
    sequence += 1;
  }
  return { rows, chain };
}

/** What stands in the store for a line that it does not take: that there was one, and when. */
export function stubLine(table: ChainedTable, line: string, why: string, storedAt: string): string {
  const { hash, time } = identityOf(line);
  const at = isStorable(time) ? time : `${storedAt}000`;
  const reason = `refused by the store: ${why}`;
  if (table === 'audit_events') {
    return toRowLine({ ...emptyRow, event_hash: hash, event_time: at, stage_time: at, broken: reason });
  }
  return toRowLine({
    ...{ event_hash: hash, started_at: at, recording_id: hash, sequence_in_recording: 0 },
    ...{ audit_id: '', session: '', username: '', namespace: '', pod: '', container: '', command: [] },
    ...{ width: 0, height: 0, frames: [[0, 'o', reason]], ended_at: null },
  });
}

/** Whether a time is one, and in the range that the store has room for. */
export function isStorable(time: string): boolean {
  return /^(?:19[7-9]|2[0-2]\d)\d-/.test(time) && !Number.isNaN(Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`));
}

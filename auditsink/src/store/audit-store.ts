import { type ChainedTable, type Checkpoint } from '@holdpoint/core';
import { engineCodeOf, stringLiteral, type ClickHouse } from '@holdpoint/platform';
import { identityOf } from '../spool/spooled.ts';
import { isStorable, type StoredEnd } from './plan.ts';

/** What a sink asks of, and does to, the store. `sink` is whose chain it is about. */
export interface AuditStore {
  /** How far the chain reaches, by its rows and its checkpoints; undefined when there is neither. */
  readEnd(table: ChainedTable): Promise<StoredEnd | undefined>;
  /** Which of these lines, by number, are stored already, whoever stored them, or come earlier among these. */
  stored(table: ChainedTable, lines: readonly string[]): Promise<number[]>;
  /** The links at those of the places between these two, and with them, that are taken. */
  placesTaken(table: ChainedTable, first: number, last: number): Promise<Map<number, string>>;
  /** @param rows with their places, as `placedRows` makes them */
  insert(table: ChainedTable, rows: readonly string[], token: string): Promise<void>;
  /** Has the store parse lines and keep nothing of them. Rejects as `insert` would. */
  tryParse(table: ChainedTable, lines: readonly string[]): Promise<void>;
  readLastCheckpoint(table: ChainedTable): Promise<Checkpoint | undefined>;
  insertCheckpoint(checkpoint: Checkpoint): Promise<void>;
}

export function createAuditStore(store: ClickHouse, sink: string): AuditStore {
  const own = (table: ChainedTable): string => `${table} WHERE sink = ${stringLiteral(sink)}`;
  const ofTable = (table: ChainedTable): string =>
    `checkpoints WHERE sink = ${stringLiteral(sink)} AND table_name = ${stringLiteral(table)}`;
  return {
    async readEnd(table) {
      const columns = 'sequence, chain, stored_at';
      const ends = await store.query<{ sequence: string | number; chain: string; stored_at: string }>(
        `SELECT * FROM (SELECT ${columns} FROM ${own(table)} ORDER BY sequence DESC LIMIT 1)
         UNION ALL SELECT * FROM (SELECT ${columns} FROM ${ofTable(table)} ORDER BY sequence DESC LIMIT 1)`,
      );
      const [end] = ends
        .map(({ sequence, chain, stored_at }) => ({ sequence: Number(sequence), chain, storedAt: stored_at }))
        .sort((a, b) => b.sequence - a.sequence);
      return end;
    },
    stored: (table, lines) => findStored(store, table, lines),
    async placesTaken(table, first, last) {
      const range = `sequence >= ${String(first)} AND sequence <= ${String(last)}`;
      const taken = await store.query<{ sequence: string | number; chain: string }>(
        `SELECT sequence, chain FROM ${own(table)} AND ${range}`,
      );
      return new Map(taken.map(({ sequence, chain }) => [Number(sequence), chain]));
    },
    insert: (table, rows, token) => store.insert(table, rows.join('\n'), { token }),
    tryParse: (table, lines) => store.insert(`${table}_trial`, lines.join('\n')),
    async readLastCheckpoint(table) {
      const [last] = await store.query<Checkpoint>(
        `SELECT table_name, sink, sequence, chain, stored_at, retention_days, signature FROM ${ofTable(table)}
         ORDER BY sequence DESC, stored_at DESC LIMIT 1`,
      );
      return last === undefined
        ? undefined
        : { ...last, sequence: Number(last.sequence), retention_days: Number(last.retention_days) };
    },
    async insertCheckpoint(checkpoint) {
      const { table_name, sequence, stored_at, retention_days } = checkpoint;
      const token = ['checkpoint', table_name, sink, sequence, stored_at, retention_days].join('/');
      await store.insert('checkpoints', JSON.stringify(checkpoint), { token });
    },
  };
}

const timeColumns = { audit_events: 'event_time', recordings: 'started_at' } as const;

/** A statement may be 256 KiB long (max_query_size), and a hash takes 68 characters of it. */
const hashesAStatement = 2_000;

/** An event sent again has the same time, so only what lies between the first and the last of these is looked at. */
async function findStored(store: ClickHouse, table: ChainedTable, lines: readonly string[]): Promise<number[]> {
  const rows = lines.map(identityOf);
  const timeColumn = timeColumns[table];
  const seen = new Set<string>();
  for (let start = 0; start < rows.length; start += hashesAStatement) {
    const some = rows.slice(start, start + hashesAStatement);
    const times = some
      .map(({ time }) => time)
      .filter(isStorable)
      .sort();
    if (times.length === 0) continue;
    const hashes = some.map(({ hash }) => stringLiteral(hash)).join(', ');
    const at = (time: string | undefined): string => `toDateTime64(${stringLiteral(time ?? '')}, 6, 'UTC')`;
    const stored = await store.query<{ hash: string }>(
      `SELECT DISTINCT event_hash AS hash FROM ${table}
       WHERE ${timeColumn} >= ${at(times[0])} AND ${timeColumn} <= ${at(times.at(-1))} AND event_hash IN (${hashes})`,
    );
    for (const { hash } of stored) seen.add(hash);
  }
  return [...rows.entries()].filter(([, { hash }]) => !isNew(seen, hash)).map(([i]) => i);
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/**
 * Codes by which the engine refuses what a row says, rather than being unable to take it: CANNOT_PARSE_…, INCORRECT_DATA,
 * and the like. Tried again, these answer the same for ever.
 */
const contentCodes = new Set([
  ...[6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 130, 131, 190, 321, 349, 376, 441, 442, 467, 611],
]);

/** Whether the store refused these rows for what they say. */
export function isContentRefusal(error: unknown): boolean {
  const code = engineCodeOf(error);
  return code !== undefined && contentCodes.has(code);
}

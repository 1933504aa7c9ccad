import type { JsonObject } from '../kubernetes/object.ts';
import { emptyRow } from './audit-row.ts';
import type { ChainedTable, ChainPlace, Checkpoint } from './chain.ts';
import type { RecordingRow } from './recording.ts';
import { toRowLine } from './row-line.ts';

const recordingColumns: readonly (keyof RecordingRow)[] = [
  'event_hash',
  'started_at',
  'recording_id',
  'sequence_in_recording',
  'audit_id',
  'session',
  'username',
  'namespace',
  'pod',
  'container',
  'command',
  'width',
  'height',
  'frames',
  'ended_at',
];

/** The columns that a row's line consists of, in the order of the line. */
const columnsOf: Readonly<Record<ChainedTable, readonly string[]>> = {
  audit_events: Object.keys(emptyRow),
  recordings: recordingColumns,
};

/** A row as it stands in its chain. */
export interface ChainedRow extends ChainPlace {
  chain: string;
  /** What `toRowLine` made of it when it was taken in, made again from its columns. */
  line: string;
}

const placeColumns = ['sequence', 'sink', 'stored_at', 'chain'];

/** Which rows of a chain to read: those behind `after`, up to and with `upTo`. Sequences begin at 1. */
export interface ChainRange {
  sink: string;
  after: number;
  upTo: number;
}

/**
 * The statement that reads a part of one sink's chain, in its order, for `toChainedRow`. Ask for it in the format
 * JSONEachRow. A row can be megabytes long: choose the ranges so that an answer fits what the endpoint sends.
 */
export function chainStatement(table: ChainedTable, { sink, after, upTo }: ChainRange): string {
  const columns = [...placeColumns, ...columnsOf[table]].join(', ');
  const range = `sequence > ${String(after)} AND sequence <= ${String(upTo)}`;
  return `SELECT ${columns} FROM ${table} WHERE sink = ${literal(sink)} AND ${range} ORDER BY sequence`;
}

/** The statement that lists the chains of a table: `sink`, `first`, `last` and `rows` of each. In the format JSONEachRow. */
export function chainsStatement(table: ChainedTable): string {
  return `SELECT sink, min(sequence) AS first, max(sequence) AS last, count() AS rows FROM ${table} GROUP BY sink ORDER BY sink`;
}

/** The statement that reads the checkpoints of a chain, for `toCheckpoint`. In the format JSONEachRow. */
export function checkpointsStatement(table: ChainedTable, sink: string): string {
  return (
    'SELECT table_name, sink, sequence, chain, stored_at, retention_days, signature FROM checkpoints ' +
    `WHERE table_name = ${literal(table)} AND sink = ${literal(sink)} ORDER BY sequence, stored_at`
  );
}

/**
 * Makes a row's line again from what `chainStatement` answers, byte for byte as it was chained: the store keeps texts as
 * bytes, maps in the order they came in, times with all their digits, and writes a number that reads as the same number.
 *
 * @param answered one line of the answer, parsed
 */
export function toChainedRow(table: ChainedTable, answered: JsonObject): ChainedRow {
  const row = Object.fromEntries(columnsOf[table].map((column) => [column, answered[column]]));
  return { ...placeOf(answered), line: toRowLine(row) };
}

/** @param answered one line of the answer to `checkpointsStatement`, parsed */
export function toCheckpoint(answered: JsonObject): Checkpoint {
  return {
    table_name: String(answered['table_name']) as ChainedTable,
    ...placeOf(answered),
    retention_days: Number(answered['retention_days']),
    signature: String(answered['signature']),
  };
}

function placeOf({ sequence, sink, stored_at, chain }: JsonObject): ChainPlace & { chain: string } {
  // A ClickHouse may quote 64-bit numbers.
  return { sequence: Number(sequence), sink: String(sink), stored_at: String(stored_at), chain: String(chain) };
}

/** A ClickHouse string literal. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

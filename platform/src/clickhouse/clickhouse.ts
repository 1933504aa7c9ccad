import { messageOf } from '@holdpoint/core';

/** A ClickHouse, wherever it runs. Rows travel as JSON lines; every method rejects with the engine's own words. */
export interface ClickHouse {
  /** Runs a statement that answers nothing. */
  command(statement: string): Promise<void>;
  /** Inserts JSON lines (JSONEachRow). The same lines with the same `token` again insert nothing. */
  insert(table: string, lines: string, options?: { token?: string }): Promise<void>;
  query<Row>(statement: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** The read-only side: what a person's own SQL runs on. */
export interface ClickHouseReader {
  /** Answers bit by bit, in `format` unless the statement has a FORMAT of its own. Ending the iteration ends the query. */
  stream(statement: string, options: QueryOptions): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

export interface QueryOptions {
  /** ClickHouse's name of an output format. */
  format: string;
  /** What stands for `{name:Type}` in the statement, escaped as a value of TabSeparated is: a list is `['a','b']`. */
  params?: Readonly<Record<string, string>>;
  /** Settings of this query alone. Whoever passes them has checked them: they may go past the reader's own limits. */
  settings?: Readonly<Record<string, string>>;
  /** Ends the query in the engine, too: a long one answers nothing at which its iteration could end. */
  signal?: AbortSignal;
}

/** The database that everything lies in. */
export const database = 'holdpoint';

/** Of every insert, wherever it goes. */
export const insertSettings = {
  date_time_input_format: 'best_effort',
  // The default of older servers may be off by the last bit: a row has to read back as it was chained.
  precise_float_parsing: 1,
  // One insert is one block, however large: it is stored as a whole or not at all, and one token stands for it.
  max_insert_block_size: 1_000_000_000,
  min_insert_block_size_rows: 1_000_000_000,
  min_insert_block_size_bytes: 4 * 1024 ** 3,
} as const;

/** Limits of the reader: a question must not take the sink, or a store that others use too, down. */
export const readerSettings = {
  max_execution_time: 30,
  max_memory_usage: 1_000_000_000,
  max_result_rows: 10_000_000,
  max_result_bytes: 1024 ** 3,
  max_threads: 1,
} as const;

/** The engine's own number of an error (`Code: 27`); undefined for what did not come from it, as a broken connection. */
export function engineCodeOf(error: unknown): number | undefined {
  const code = /\bCode: (\d+)\./.exec(messageOf(error))?.[1] ?? (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : undefined;
}

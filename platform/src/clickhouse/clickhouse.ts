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

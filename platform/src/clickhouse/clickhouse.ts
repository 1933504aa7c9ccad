/** A ClickHouse, wherever it runs. Rows travel as JSON lines; every method rejects with the engine's own words. */
export interface ClickHouse {
  /** Runs a statement that answers nothing. */
  command(statement: string): Promise<void>;
  /** Inserts JSON lines (JSONEachRow). */
  insert(table: string, lines: string): Promise<void>;
  query<Row>(statement: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** The read-only side: what a person's own SQL runs on. */
export interface ClickHouseReader {
  /** Answers in `format` unless the statement has a FORMAT of its own. */
  queryText(statement: string, format: string): Promise<string>;
  close(): Promise<void>;
}

/** The database that everything lies in. */
export const database = 'holdpoint';

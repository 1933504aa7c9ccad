import { Session } from 'chdb';
import { database, type ClickHouse, type ClickHouseReader } from './clickhouse.ts';

/** Limits of the reader: a question must not take the sink down. */
const readerSettings = {
  max_execution_time: 30,
  max_memory_usage: 1_000_000_000,
  max_result_bytes: 256 * 1024 * 1024,
  max_threads: 1,
  // The last one: from here on nothing can be changed, nor written.
  readonly: 1,
};

/**
 * Opens ClickHouse in this process, on a folder that no other process has open. The reader is a session of its own, so
 * that a question never waits behind an insert, and can be bound to read only.
 */
export async function openChdb(
  folder: string,
): Promise<{ writer: ClickHouse; reader: () => Promise<ClickHouseReader> }> {
  const session = new Session(folder);
  const run = async (statement: string): Promise<void> => void (await session.queryAsync(statement));
  await run(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await run(`USE ${database}`);
  return {
    writer: {
      command: run,
      async insert(table, lines, { token } = {}) {
        await session.insert({
          table: `${database}.${table}`,
          values: Buffer.from(lines),
          format: 'JSONEachRow',
          settings: {
            date_time_input_format: 'best_effort',
            ...(token === undefined ? {} : { insert_deduplication_token: token }),
          },
        });
      },
      async query<Row>(statement: string) {
        const result = await session.queryAsync(statement, { format: 'JSONEachRow' });
        return result
          .text()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Row);
      },
      close: () => Promise.resolve(session.close()),
    },
    async reader() {
      const own = new Session(folder);
      await own.queryAsync(`USE ${database}`);
      for (const [name, value] of Object.entries(readerSettings))
        await own.queryAsync(`SET ${name} = ${String(value)}`);
      return {
        async *stream(statement, { format, params = {} }) {
          const bound = Object.keys(params).length > 0;
          const answer = bound
            ? await own.queryBindAsync(statement, params, { format })
            : await own.queryAsync(statement, { format });
          yield Buffer.from(answer.text());
        },
        close: () => Promise.resolve(own.close()),
      };
    },
  };
}

import { Session } from 'chdb';
import { database, insertSettings, readerSettings, type ClickHouse, type ClickHouseReader } from './clickhouse.ts';

/** Formats whose parts, put together, are the whole: of any other, each part would be a document of its own. */
const streamable = /^(?:JSONEachRow|JSONCompactEachRow|NDJSON|TSV|TabSeparated|CSV)$/;

/**
 * Opens ClickHouse in this process, on a folder that no other process has open. Each question has a session of its own, so
 * that it never waits behind an insert or another question, and can be bound to read only.
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
          settings: { ...insertSettings, ...(token === undefined ? {} : { insert_deduplication_token: token }) },
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
    reader: () => Promise.resolve({ stream: streamFrom(folder), close: () => Promise.resolve() }),
  };
}

function streamFrom(folder: string): ClickHouseReader['stream'] {
  return async function* stream(statement, { format, params = {} }) {
    const own = new Session(folder);
    try {
      await own.queryAsync(`USE ${database}`);
      for (const [name, value] of Object.entries(readerSettings)) {
        await own.queryAsync(`SET ${name} = ${String(value)}`);
      }
      const wanted = /\bFORMAT\s+(\w+)\s*$/i.exec(statement)?.[1] ?? format;
      if (/^\s*(?:SELECT|WITH)\b/i.test(statement) && streamable.test(wanted)) {
        for await (const part of own.queryStreamBind(statement, params, { format })) yield Buffer.from(part.raw());
      } else {
        const answer =
          Object.keys(params).length === 0
            ? await own.queryAsync(statement, { format })
            : await own.queryBindAsync(statement, params, { format });
        yield Buffer.from(answer.bytes());
      }
    } finally {
      own.close();
    }
  };
}

import { randomUUID } from 'node:crypto';
import { Session } from 'chdb';
import {
  database,
  insertSettings,
  readerSettings,
  type ClickHouse,
  type ClickHouseReader,
  type QueryOptions,
} from './clickhouse.ts';
import { headerLength } from './header-length.ts';
import { stringLiteral } from './literal.ts';

/**
 * Opens ClickHouse in this process, on a folder that no other process has open. Every question has a session of its own, so
 * that it waits neither behind an insert nor behind another, and can be bound to read only.
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
    async reader() {
      // Of its own, because a session does one thing at a time: it ends what others ask.
      const keeper = new Session(folder);
      const open = new Set<AbortController>();
      return {
        async *stream(statement, { signal, ...options }) {
          const closing = new AbortController();
          open.add(closing);
          const ended = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
          try {
            yield* streamOnce({ folder, keeper, statement, ...options, signal: ended });
          } finally {
            open.delete(closing);
          }
        },
        close() {
          for (const each of open) each.abort();
          return Promise.resolve(keeper.close());
        },
      };
    },
  };
}

interface OneQuery extends Omit<QueryOptions, 'signal'> {
  folder: string;
  keeper: Session;
  statement: string;
  signal: AbortSignal;
}

/** Formats that are rows and nothing around them: pieces of a stream can stand one behind the other, their header aside. */
const rowFormats =
  /^(?:(?:TabSeparated|TSV|Raw|TSVRaw|TabSeparatedRaw|CSV|JSONCompactEachRow|JSONCompactStringsEachRow|RowBinary)(?:WithNames(?:AndTypes)?)?|JSONEachRow|JSONStringsEachRow|JSONLines|JSONL|NDJSON|TSKV|LineAsString|Native|Null)$/;
/** What is answered in one piece is held in memory in one piece, twice. */
const maxWholeBytes = 32 * 1024 * 1024;
const killEveryMs = 200;

/** A session for one query: a tenth of a millisecond, and nothing that it sets is there for the next. */
async function* streamOnce(query: OneQuery): AsyncGenerator<Buffer> {
  const { folder, keeper, statement, format, params = {}, settings = {}, signal } = query;
  const tag = randomUUID();
  const own = new Session(folder);
  const isStream = rowFormats.test(format) && /^[\s(]*(?:select|with)\b/i.test(statement);
  let killing: NodeJS.Timeout | undefined;
  const kill = (): void => {
    // Again and again: it may not have begun.
    const once = (): void =>
      void keeper.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = '${tag}' ASYNC`).catch(() => undefined);
    once();
    killing ??= setInterval(once, killEveryMs);
  };
  try {
    await own.queryAsync(`USE ${database}`);
    const all = {
      ...readerSettings,
      ...(isStream ? {} : { max_result_bytes: maxWholeBytes }),
      ...Object.fromEntries(Object.entries(params).map(([name, value]) => [`param_${name}`, value])),
      ...settings,
      log_comment: tag,
      // The last one: from here on nothing can be changed, nor written.
      readonly: 1,
    };
    for (const [name, value] of Object.entries(all))
      await own.queryAsync(`SET ${name} = ${typeof value === 'number' ? String(value) : stringLiteral(value)}`);
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) return;
    if (!isStream) {
      yield Buffer.from((await own.queryAsync(statement, { format })).bytes());
      return;
    }
    let header: number | undefined;
    for await (const piece of own.queryStream(statement, { format })) {
      const bytes = Buffer.from(piece.raw());
      yield header === undefined ? bytes : bytes.subarray(header);
      header ??= headerLength(format, bytes);
    }
  } finally {
    signal.removeEventListener('abort', kill);
    clearInterval(killing);
    own.close();
  }
}

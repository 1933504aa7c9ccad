import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type DataFormat } from '@clickhouse/client';
import { database, insertSettings, readerSettings, type ClickHouse, type ClickHouseReader } from './clickhouse.ts';

export interface ServerOptions {
  /** `http://` or `https://`, host and port of ClickHouse's HTTP interface. */
  url: string;
  username: string;
  /** Asked for every request: passwords rotate. */
  password: () => string;
  /** PEM of the authority that vouches for the server; the system's own when it is undefined. */
  ca?: Buffer | undefined;
  /** Then the database is made on all of its nodes. */
  cluster?: string | undefined;
}

/** An insert of 256 MiB into a store that is busy merging, and then some. */
const requestTimeoutMs = 120_000;
/** Below `keep_alive_timeout`, which is 10 s, and was 3 s before 23.11: who writes to a socket just closed gets a reset. */
const idleSocketMs = 2_000;
/** Of the sink itself: one to write, the rest to answer. */
const maxConnections = 10;

/**
 * Speaks to a ClickHouse server, or to one node of a cluster. Nothing is tried again here: the loader does that, in order,
 * and knows what a repeated insert means.
 */
export async function openServer(
  options: ServerOptions,
): Promise<{ writer: ClickHouse; reader: () => Promise<ClickHouseReader> }> {
  const client = clientOf(options);
  const auth = (): { username: string; password: string } => ({
    username: options.username,
    password: options.password(),
  });
  /** `readonly` comes with the limits in one request, which a server allows: it forbids changes from the next one on. */
  const stream: ClickHouseReader['stream'] = async function* (
    statement,
    { format, params = {}, settings = {}, signal },
  ) {
    const given = new AbortController();
    try {
      const { stream: answer } = await client.exec({
        query: statement,
        query_params: { ...params },
        abort_signal: signal === undefined ? given.signal : AbortSignal.any([given.signal, signal]),
        auth: auth(),
        clickhouse_settings: {
          ...asSettings(readerSettings),
          ...settings,
          readonly: '1',
          // A person who hangs up ends the query.
          cancel_http_readonly_queries_on_client_close: 1,
          ...(options.cluster === undefined ? {} : { prefer_global_in_and_join: 1 }),
          default_format: format as DataFormat,
        },
      });
      for await (const part of answer) yield Buffer.from(part as Uint8Array);
    } finally {
      given.abort();
    }
  };
  const on = options.cluster === undefined ? '' : ` ON CLUSTER '${options.cluster}'`;
  try {
    // The client names the database in every request, and a server refuses one that is not there yet.
    const first = clientOf(options, 'default');
    await first
      .command({ query: `CREATE DATABASE IF NOT EXISTS ${database}${on}`, auth: auth() })
      .finally(() => first.close());
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    writer: {
      async command(statement) {
        await client.command({ query: statement, auth: auth(), clickhouse_settings: { wait_end_of_query: 1 } });
      },
      async insert(table, lines, { token } = {}) {
        // Not insert(): that wants objects, and would write each line anew.
        const { stream: answer } = await client.exec({
          query: `INSERT INTO ${table} FORMAT JSONEachRow`,
          values: Readable.from([Buffer.from(lines)], { objectMode: false }),
          auth: auth(),
          clickhouse_settings: {
            ...asSettings(insertSettings),
            async_insert: 0,
            wait_end_of_query: 1,
            // Through a Distributed table: not acknowledged before the shard has it.
            distributed_foreground_insert: 1,
            ...(token === undefined ? {} : { insert_deduplication_token: token }),
          },
        });
        await finished(answer.resume());
      },
      async query<Row>(statement: string) {
        const answer = await client.query({
          query: statement,
          format: 'JSONEachRow',
          auth: auth(),
          clickhouse_settings: { wait_end_of_query: 1 },
        });
        return await answer.json<Row>();
      },
      close: () => client.close(),
    },
    reader: () => Promise.resolve({ stream, close: () => Promise.resolve() }),
  };
}

function clientOf({ url, ca }: ServerOptions, name: string = database): ClickHouseClient {
  return createClient({
    url,
    database: name,
    application: 'holdpoint-auditsink',
    request_timeout: requestTimeoutMs,
    max_open_connections: maxConnections,
    keep_alive: { enabled: true, idle_socket_ttl: idleSocketMs },
    // What goes wrong rejects, and is logged by whoever asked.
    log: { level: ClickHouseLogLevel.OFF },
    ...(ca === undefined ? {} : { tls: { ca_cert: ca } }),
  });
}

/** The client wants 64-bit settings as text. */
function asSettings(settings: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}

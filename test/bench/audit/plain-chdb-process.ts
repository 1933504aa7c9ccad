/**
 * What Holdpoint's sink is held against: a server that inserts the events of each POST into embedded ClickHouse, as they came,
 * before it answers. The same engine, the same compression, the same fsync of the store; nothing is masked, hashed, spooled
 * or chained, and an event that is sent twice is there twice. `node plain-chdb-process.ts FOLDER CERT KEY`; says its port on
 * its standard output.
 */
import { createHttpsServer, listen, openEmbedded, readBody, sendJson } from '@holdpoint/platform';

interface Event {
  auditID: string;
  verb: string;
  requestReceivedTimestamp: string;
  user?: { username?: string };
  impersonatedUser?: { username?: string };
  objectRef?: { resource?: string };
}

const [folder = '', certFile = '', keyFile = ''] = process.argv.slice(2);
const { writer } = await openEmbedded(folder);
await writer.command(`
  CREATE TABLE IF NOT EXISTS plain_events
  (
      event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
      verb LowCardinality(String),
      resource LowCardinality(String),
      username LowCardinality(String),
      audit_id String CODEC(ZSTD),
      event String CODEC(ZSTD(3)),
      INDEX audit_ids audit_id TYPE bloom_filter(0.01)
  )
  ENGINE = MergeTree
  PARTITION BY toDate(event_time)
  ORDER BY (toStartOfHour(event_time), verb, resource, username, event_time)
  SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`);

const server = createHttpsServer({
  certFile,
  keyFile,
  handler: (request, response) => {
    const answer = request.method === 'POST' ? insert() : find();
    answer.then(
      (body) => sendJson(response, 200, body),
      (error: unknown) => sendJson(response, 500, { error: String(error) }),
    );
    async function insert(): Promise<object> {
      const { items } = JSON.parse((await readBody(request, 64 * 1024 * 1024)).toString('utf8')) as { items: Event[] };
      await writer.insert('plain_events', items.map(rowOf).join('\n'));
      return {};
    }
    async function find(): Promise<object> {
      const id = new URL(request.url ?? '/', 'https://localhost').searchParams.get('id') ?? '';
      const [row] = await writer.query<{ found: string }>(
        `SELECT toString(count()) AS found FROM plain_events WHERE audit_id = '${id.replaceAll(/[^\w-]/g, '')}'`,
      );
      return { found: row?.found !== '0' };
    }
  },
});
const port = await listen(server, '127.0.0.1:0');
process.stdout.write(`${String(port)}\n`);
process.on('SIGTERM', () => void writer.close().then(() => process.exit(0)));

function rowOf(event: Event): string {
  return JSON.stringify({
    event_time: event.requestReceivedTimestamp,
    verb: event.verb,
    resource: event.objectRef?.resource ?? '',
    username: event.impersonatedUser?.username ?? event.user?.username ?? '',
    audit_id: event.auditID,
    event: JSON.stringify(event),
  });
}

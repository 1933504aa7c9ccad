/**
 * ClickHouse's HTTP interface over the engine that runs in a process: for tests where no server can run. A statement comes in
 * `?query=` and the body, settings and `param_…` in the URL, an error as its code in `X-ClickHouse-Exception-Code`. What it
 * cannot do is a cluster.
 *
 *     node clickhouse-stand-in.ts <folder> <port> <user> <password>
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Session } from 'chdb';

const [folder = '', port = '0', user = '', password = ''] = process.argv.slice(2);

/** What a URL says besides settings. */
const notSettings = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'wait_end_of_query',
  'role',
  'user',
  'password',
]);

/** HTTP codes that ClickHouse gives to a few of its errors; any other is a 500. */
const httpCodes: Readonly<Record<string, number>> = { '62': 400, '60': 404, '81': 404, '516': 403, '164': 500 };

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    const code = /Code: (\d+)\./.exec(text)?.[1] ?? '1002';
    if (response.headersSent) response.destroy();
    else {
      response.writeHead(httpCodes[code] ?? 500, { 'x-clickhouse-exception-code': code });
      response.end(`${text}\n`);
    }
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  if (!isKnown(request)) {
    throw new Error('Code: 516. DB::Exception: Authentication failed: password is incorrect (AUTHENTICATION_FAILED)');
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString('utf8');
  const query = url.searchParams.get('query');
  const statement = query === null ? body : `${query}\n${body}`;
  const session = new Session(folder);
  try {
    await session.queryAsync(`USE ${url.searchParams.get('database') ?? 'default'}`);
    const settings = [...url.searchParams].filter(([name]) => !notSettings.has(name) && !name.startsWith('param_'));
    // As a server does: `readonly` forbids changes from the next request on, not within this one.
    settings.sort(([a], [b]) => Number(a === 'readonly') - Number(b === 'readonly'));
    for (const [name, value] of settings) await session.queryAsync(`SET ${name} = '${value.replaceAll("'", "\\'")}'`);
    const params = Object.fromEntries(
      [...url.searchParams].flatMap(([name, value]) => (name.startsWith('param_') ? [[name.slice(6), value]] : [])),
    );
    const format = url.searchParams.get('default_format') ?? 'TabSeparated';
    const result =
      Object.keys(params).length === 0
        ? await session.queryAsync(statement, { format })
        : await session.queryBindAsync(statement, params, { format });
    response.writeHead(200, { 'x-clickhouse-format': format });
    response.end(Buffer.from(result.bytes()));
  } finally {
    session.close();
  }
}

function isKnown({ headers }: IncomingMessage): boolean {
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return (
    headers.authorization === basic ||
    (headers['x-clickhouse-user'] === user && headers['x-clickhouse-key'] === password)
  );
}

// Held open: without any session the engine would be shut down after each request.
const held = new Session(folder);
// What servers before 23.11 did, and the strictest there is.
server.keepAliveTimeout = 3_000;
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));
process.on('SIGTERM', () => {
  held.close();
  process.exit(0);
});

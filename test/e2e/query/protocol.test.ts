import { Agent } from 'node:https';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askSink, bearer, type Asked } from '../../src/ask-sink.ts';
import { createAuditSink, eventList, type AuditSink } from '../../src/audit-sink.ts';
import { eventually } from '../../src/eventually.ts';

/** What clients of ClickHouse's HTTP interface send, as they send it, and what they must be answered. */
describe('the query endpoint speaks ClickHouse’s HTTP', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
    await sink.post('/audit', eventList(['a', 'b', 'c']));
    await eventually('they are stored', async () =>
      (await sink.sql('SELECT count() FROM audit_events')) === '3' ? true : undefined,
    );
  }, 60_000);
  afterAll(() => sink?.close());

  const ask = (asked: Asked) => askSink(sink, { ...asked, headers: { ...bearer(sink), ...asked.headers } });
  const basic = (user: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${user}:${sink.queryToken}`).toString('base64')}`,
  });

  describe('requests', () => {
    test.each<{ situation: string; asked: Asked; want: string }>([
      { situation: 'the query in the body', asked: { path: '/', body: 'SELECT 1' }, want: '1\n' },
      { situation: 'at /query', asked: { path: '/query', body: 'SELECT 1' }, want: '1\n' },
      { situation: 'the query in the URL', asked: { method: 'GET', path: '/?query=SELECT%202' }, want: '2\n' },
      { situation: 'half of it in each', asked: { path: '/?query=SELECT%20', body: '3' }, want: '3\n' },
      {
        situation: 'a parameter',
        asked: { path: '/?param_a=it%27s', body: 'SELECT {a:String}' },
        want: "it\\'s\n",
      },
      {
        situation: 'a parameter with what could end a string',
        asked: {
          path: `/?param_a=${encodeURIComponent("x\\\\' OR 1; DROP TABLE audit_events --")}`,
          body: 'SELECT {a:String}',
        },
        want: "x\\\\\\' OR 1; DROP TABLE audit_events --\n",
      },
      {
        situation: 'a list as a parameter',
        asked: { path: `/?param_a=${encodeURIComponent("['a','b']")}`, body: "SELECT 'b' IN {a:Array(String)}" },
        want: '1\n',
      },
      {
        situation: 'a format as the default',
        asked: { path: '/?default_format=JSONEachRow', body: 'SELECT 1 AS x' },
        want: '{"x":1}\n',
      },
      {
        situation: 'a format of its own before the default',
        asked: { path: '/?default_format=JSONEachRow', body: 'SELECT 1 AS x FORMAT CSVWithNames' },
        want: '"x"\n1\n',
      },
      {
        situation: 'a format in a header',
        asked: { path: '/', headers: { 'x-clickhouse-format': 'CSV' }, body: "SELECT 'x'" },
        want: '"x"\n',
      },
      {
        situation: 'our database',
        asked: { path: '/?database=holdpoint', body: 'SELECT currentDatabase()' },
        want: 'holdpoint\n',
      },
      {
        situation: 'the default database',
        asked: { path: '/?database=default', body: 'SELECT currentDatabase()' },
        want: 'holdpoint\n',
      },
      {
        situation: 'our database in a header',
        asked: {
          path: '/',
          headers: { 'x-clickhouse-database': 'holdpoint' },
          body: 'SELECT count() FROM audit_events',
        },
        want: '3\n',
      },
      {
        situation: 'the body in gzip',
        asked: { path: '/', headers: { 'content-encoding': 'gzip' }, body: gzipSync('SELECT 4') },
        want: '4\n',
      },
      {
        situation: 'how 64-bit integers are written',
        asked: {
          path: '/?output_format_json_quote_64bit_integers=1',
          body: 'SELECT toUInt64(5) AS x FORMAT JSONEachRow',
        },
        want: '{"x":"5"}\n',
      },
      {
        situation: 'how times are written',
        asked: { path: '/?date_time_output_format=iso', body: "SELECT toDateTime('2026-05-04 01:02:03', 'UTC')" },
        want: '2026-05-04T01:02:03Z\n',
      },
      {
        situation: 'settings that mean nothing here',
        asked: {
          path: '/?session_id=s&send_progress_in_http_headers=1&max_block_size=8192&readonly=2&buffer_size=1',
          body: 'SELECT 6',
        },
        want: '6\n',
      },
      {
        situation: 'more than our limit allows',
        asked: { path: '/?max_execution_time=600', body: 'SELECT 7' },
        want: '7\n',
      },
      { situation: 'a ping', asked: { method: 'GET', path: '/ping' }, want: 'Ok.\n' },
      { situation: 'a look', asked: { method: 'GET', path: '/' }, want: 'Ok.\n' },
      { situation: 'show', asked: { path: '/', body: "SHOW TABLES LIKE 'sessions'" }, want: 'sessions\n' },
    ])('$situation', async ({ asked, want }) => {
      expect(await ask(asked)).toMatchObject({ code: 200, text: want, complete: true });
    });

    test.each([
      { who: 'a user name and the token as password', headers: () => basic('default') },
      { who: 'any other user name', headers: () => basic('grafana') },
      {
        who: 'ClickHouse’s own headers',
        headers: () => ({ 'x-clickhouse-user': 'x', 'x-clickhouse-key': sink.queryToken }),
      },
    ])('$who is let in', async ({ headers }) => {
      expect(await askSink(sink, { path: '/', headers: headers(), body: 'SELECT 1' })).toMatchObject({
        code: 200,
        text: '1\n',
      });
    });
  });

  describe('refusals', () => {
    test.each<{ situation: string; asked: Asked; code: number; want: RegExp }>([
      {
        situation: 'another database',
        asked: { path: '/?database=system', body: 'SELECT 1' },
        code: 403,
        want: /database: /,
      },
      {
        situation: 'a setting that is not known',
        asked: { path: '/?allow_ddl=1', body: 'SELECT 1' },
        code: 403,
        want: /setting allow_ddl/,
      },
      {
        situation: 'a template',
        asked: { path: '/?format_template_row=/etc/hostname', body: 'SELECT 1' },
        code: 403,
        want: /format_template_row/,
      },
      {
        situation: 'a schema to be written',
        asked: { path: '/?output_format_schema=/tmp/x', body: 'SELECT 1' },
        code: 403,
        want: /output_format_schema/,
      },
      {
        situation: 'the native compression',
        asked: { path: '/?compress=1', body: 'SELECT 1' },
        code: 403,
        want: /compress/,
      },
      {
        situation: 'a limit that is no number',
        asked: { path: '/?max_result_rows=x', body: 'SELECT 1' },
        code: 403,
        want: /max_result_rows/,
      },
      {
        situation: 'a quote in a setting',
        asked: { path: "/?session_timezone=UTC'", body: 'SELECT 1' },
        code: 403,
        want: /session_timezone/,
      },
      {
        situation: 'a parameter with a name of its own',
        asked: { path: '/?param_a%27=1', body: 'SELECT 1' },
        code: 400,
        want: /param_/,
      },
      {
        situation: 'a format that reads files',
        asked: { path: '/?default_format=Template', body: 'SELECT 1' },
        code: 403,
        want: /format Template/,
      },
      {
        situation: 'the password in the URL',
        asked: { path: '/?password=x', body: 'SELECT 1' },
        code: 400,
        want: /password in the URL/,
      },
      {
        situation: 'a line feed in the id',
        asked: { path: '/?query_id=a%0d%0ab', body: 'SELECT 1' },
        code: 400,
        want: /query_id/,
      },
      {
        situation: 'another method',
        asked: { method: 'PUT', path: '/', body: 'SELECT 1' },
        code: 405,
        want: /GET and POST/,
      },
      {
        situation: 'too long a statement',
        asked: { path: '/', body: `SELECT '${'x'.repeat(256 * 1024)}'` },
        code: 413,
        want: /ERR_BODY_TOO_LARGE/,
      },
      {
        situation: 'too long a statement in gzip',
        asked: {
          path: '/',
          headers: { 'content-encoding': 'gzip' },
          body: gzipSync(`SELECT '${'x'.repeat(10_000_000)}'`),
        },
        code: 413,
        want: /ERR_BODY_TOO_LARGE/,
      },
      {
        situation: 'a table in a form',
        asked: { path: '/', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: 'x' },
        code: 400,
        want: /multipart/,
      },
      { situation: 'nothing', asked: { path: '/', body: '' }, code: 403, want: /no statement/ },
    ])('$situation', async ({ asked, code, want }) => {
      expect(await ask(asked)).toMatchObject({ code, text: expect.stringMatching(want) });
    });

    test.each([
      { situation: 'no such column', body: 'SELECT nothing FROM audit_events', code: 404, number: '47' },
      { situation: 'no such table', body: 'SELECT * FROM nothing', code: 404, number: '60' },
      { situation: 'a syntax error', body: 'SELECT FROM WHERE', code: 400, number: '62' },
      { situation: 'a parameter that is missing', body: 'SELECT {a:String}', code: 400, number: '456' },
      { situation: 'a type that does not fit', body: "SELECT toUInt8('x')", code: 400, number: '6' },
      { situation: 'the same, as JSON', body: "SELECT toUInt8('x') FORMAT JSON", code: 400, number: '6' },
    ])('the engine’s own words and number: $situation', async ({ body, code, number }) => {
      const answer = await ask({ path: '/', body });
      expect(answer).toMatchObject({
        code,
        text: expect.stringMatching(new RegExp(`^Code: ${number}\\. DB::Exception: .*\\([A-Z_]+\\)`)),
      });
      expect(answer.headers['x-clickhouse-exception-code']).toBe(number);
      expect(answer.text.match(/DB::Exception/g)).toHaveLength(1);
    });

    test.each([
      { situation: 'no token', headers: () => ({}) },
      { situation: 'another token', headers: () => ({ authorization: 'Bearer nobody' }) },
      { situation: 'another password', headers: () => ({ 'x-clickhouse-key': 'nobody' }) },
      { situation: 'two tokens', headers: () => ({ ...bearer(sink), 'x-clickhouse-key': sink.queryToken }) },
      { situation: 'a header without its token', headers: () => ({ authorization: 'Bearer' }) },
    ])('$situation: 401, as ClickHouse says it', async ({ headers }) => {
      const answer = await askSink(sink, { path: '/', headers: headers(), body: 'SELECT 1' });
      expect(answer).toMatchObject({ code: 401, text: expect.stringMatching(/^ERR_TOKEN_INVALID: /) });
      expect(answer.headers).toMatchObject({
        'x-clickhouse-exception-code': '516',
        'www-authenticate': expect.any(String),
      });
    });
  });

  describe('answers', () => {
    test.each([
      { format: 'TabSeparated', type: 'text/tab-separated-values; charset=UTF-8' },
      { format: 'CSV', type: 'text/csv; charset=UTF-8' },
      { format: 'JSON', type: 'application/json; charset=UTF-8' },
      { format: 'JSONEachRow', type: 'application/x-ndjson; charset=UTF-8' },
      { format: 'PrettyCompact', type: 'text/plain; charset=UTF-8' },
      { format: 'Native', type: 'application/octet-stream' },
      { format: 'Parquet', type: 'application/vnd.apache.parquet' },
      { format: 'XML', type: 'application/xml; charset=UTF-8' },
    ])('$format is $type', async ({ format, type }) => {
      const answer = await ask({ path: '/?query_id=mine', body: `SELECT * FROM sessions FORMAT ${format}` });
      expect(answer).toMatchObject({ code: 200, complete: true });
      expect(answer.headers).toMatchObject({
        'content-type': type,
        'x-clickhouse-format': format,
        'x-clickhouse-query-id': 'mine',
        'x-clickhouse-summary': expect.stringContaining('elapsed_ns'),
      });
    });

    test.each([
      { format: 'TabSeparated', header: '' },
      { format: 'CSVWithNames', header: '"n"\n' },
      { format: 'TSVWithNamesAndTypes', header: 'n\nUInt64\n' },
    ])('a long answer in $format is whole, and has its header once', async ({ format, header }) => {
      const { text } = await ask({ path: '/', body: `SELECT number AS n FROM numbers(300000) FORMAT ${format}` });
      expect(text.startsWith(header)).toBe(true);
      const lines = text.slice(header.length).trimEnd().split('\n');
      expect([lines.length, lines[0], lines.at(-1)]).toEqual([300_000, '0', '299999']);
    });

    test('a long answer in JSON is one document', async () => {
      const { text } = await ask({ path: '/', body: 'SELECT number AS n FROM numbers(300000) FORMAT JSON' });
      expect((JSON.parse(text) as { data: unknown[] }).data).toHaveLength(300_000);
    });

    test.each([
      { version: 54_405, of: 'SELECT * FROM audit_events', columns: 0 },
      { version: 54_460, of: 'SELECT * FROM audit_events', columns: 1 },
      { version: 54_460, of: 'SELECT * FROM timeline', columns: 1 },
      { version: 54_460, of: 'SELECT * FROM sessions', columns: 1 },
      { version: 54_460, of: 'SELECT * FROM terminals', columns: 1 },
      { version: 54_460, of: 'SELECT * FROM system.columns', columns: 1 },
      { version: 54_460, of: 'SELECT displayName(), version(), revision(), timezone()', columns: 1 },
      {
        version: 54_460,
        of: `SELECT number, toString(number), [number], (number, 'x'), map('a', [number]), toNullable(number), now64(6), toDecimal64(1, 2),
               toLowCardinality(toString(number % 7)), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), toFixedString('ab', 2), NULL
             FROM numbers(100000)`,
        columns: 1,
      },
    ])(
      'Native in version $version has what that version adds, and nothing else: $of',
      async ({ version, of, columns }) => {
        const plain = (await ask({ path: '/?default_format=Native', body: of })).body;
        const versioned = await ask({
          path: `/?default_format=Native&client_protocol_version=${String(version)}`,
          body: of,
        });
        expect(versioned).toMatchObject({ code: 200, complete: true });
        // Whole blocks: an information of eight bytes before each, and a byte behind each column's type.
        const added = versioned.body.length - plain.length;
        const width = (await ask({ path: '/', body: `DESCRIBE (${of})` })).text.trimEnd().split('\n').length;
        expect(added % (8 + columns * width)).toBe(0);
        if (plain.length > 0) {
          expect(added).toBeGreaterThan(0);
          expect(versioned.body.subarray(0, 8)).toEqual(Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]));
        }
      },
    );

    test('an answer without a row has a length of 0', async () => {
      const answer = await ask({
        path: '/?enable_http_compression=1',
        headers: { 'accept-encoding': 'gzip' },
        body: 'SELECT 1 WHERE 0 FORMAT Native',
      });
      expect(answer).toMatchObject({ code: 200, text: '' });
      expect(answer.headers['content-length']).toBe('0');
    });

    test('gzip where it is asked for, and only there', async () => {
      const body = 'SELECT number FROM numbers(100000)';
      const headers = { 'accept-encoding': 'gzip' };
      const zipped = await ask({ path: '/?enable_http_compression=1', headers, body });
      expect(zipped.headers['content-encoding']).toBe('gzip');
      const plain = await ask({ path: '/', headers, body });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    });

    test.each([
      { situation: 'as it is', path: '/', unzip: false },
      { situation: 'in gzip', path: '/?enable_http_compression=1', unzip: true },
    ])('what fails in its middle says so within the answer, and is broken off: $situation', async ({ path }) => {
      const body = "SELECT throwIf(number = 2900000, 'boom') FROM numbers(3000000)";
      const answer = await ask({ path, headers: { 'accept-encoding': 'gzip' }, body });
      expect(answer).toMatchObject({ code: 200, complete: false });
      if (path === '/') {
        const tag = String(answer.headers['x-clickhouse-exception-tag']);
        expect(answer.text).toMatch(
          new RegExp(`__exception__\r\n${tag}\r\nCode: 395.*boom.*\n\\d+ ${tag}\r\n__exception__\r\n$`),
        );
      }
    });

    test('whoever waits for the end is told of such a failure by the status', async () => {
      const body = "SELECT throwIf(number = 2900000, 'boom') FROM numbers(3000000)";
      expect(await ask({ path: '/?wait_end_of_query=1', body })).toMatchObject({
        code: 400,
        text: expect.stringMatching(/^Code: 395\. .*boom/),
        complete: true,
      });
    });
  });

  describe('@clickhouse/client, with a URL and nothing else', () => {
    let client: ClickHouseClient;
    beforeAll(() => {
      client = createClient({
        url: sink.url,
        username: 'grafana',
        password: sink.queryToken,
        http_agent: new Agent({ ca: readFileSync(sink.caFile) }),
        compression: { response: true },
        session_id: 'a-session',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      });
    });
    afterAll(() => client.close());

    test('finds the endpoint', async () => {
      expect(await client.ping()).toMatchObject({ success: true });
      expect(await client.ping({ select: true })).toMatchObject({ success: true });
    });

    test('asks with parameters of many kinds', async () => {
      const answer = await client.query({
        query: `SELECT audit_id FROM audit_events
                WHERE audit_id IN {ids:Array(String)} AND username = {user:String} AND code < {code:UInt16} AND event_time > {since:DateTime64(3)}
                ORDER BY audit_id`,
        query_params: { ids: ['a', "c'\\"], user: 'coding-agent', code: 300, since: new Date('2026-01-01') },
        format: 'JSONEachRow',
      });
      expect(await answer.json()).toEqual([{ audit_id: 'a' }]);
      expect(answer.query_id).toMatch(/^[0-9a-f-]{36}$/);
    });

    test('reads JSON, and streams rows', async () => {
      const json = await client.query({ query: 'SELECT count() AS n FROM audit_events' });
      expect(await json.json()).toMatchObject({ data: [{ n: 3 }], rows: 1 });
      const stream = await client.query({ query: 'SELECT number FROM numbers(200000)', format: 'JSONCompactEachRow' });
      let rows = 0;
      for await (const part of stream.stream()) rows += part.length;
      expect(rows).toBe(200_000);
    });

    test('is told what the engine says, as an error of its own', async () => {
      await expect(client.query({ query: 'SELECT nothing FROM audit_events' })).rejects.toMatchObject({
        code: '47',
        type: 'UNKNOWN_IDENTIFIER',
      });
    });
  });
});

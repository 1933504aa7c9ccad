import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askSink, bearer, type AskedAnswer } from '../../src/ask-sink.ts';
import { createAuditSink, eventList, type AuditSink } from '../../src/audit-sink.ts';
import { eventually } from '../../src/eventually.ts';
import { statementPairs } from '../../src/statements.ts';

/** What is refused has no effect either: no file, no connection, no row; and its twin is answered. */
describe('the query endpoint and what it must not do', () => {
  let sink: AuditSink;
  let listener: Server;
  let connections = 0;
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-query-'));
  beforeAll(async () => {
    listener = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    sink = await createAuditSink();
    await sink.start();
    await sink.post('/audit', eventList(['a', 'b', 'c']));
    await eventually('they are stored', async () =>
      (await sink.sql('SELECT count() FROM audit_events')) === '3' ? true : undefined,
    );
  }, 60_000);
  afterAll(async () => {
    await sink?.close();
    listener.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (statement: string): Promise<AskedAnswer> => {
    const { port } = listener.address() as AddressInfo;
    const body = statement.replaceAll('{dir}', dir).replaceAll('{port}', String(port));
    return askSink(sink, { path: '/query', headers: bearer(sink), body });
  };
  /** Whole rows, and what tables there are. */
  const record = async (): Promise<string> =>
    (await sink.sql('SELECT * FROM audit_events ORDER BY sequence FORMAT JSONEachRow')) +
    (await sink.sql(
      'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    ));

  test.each(statementPairs)('$attempt', async ({ attempt, twin }) => {
    const before = await record();
    const answer = await ask(attempt);
    expect(answer.text).toMatch(/^ERR_QUERY_REFUSED: /);
    expect(answer.code).toBe(403);
    const { code, text, complete } = await ask(twin);
    expect({ twin, code, complete, text: code === 200 ? '' : text }).toEqual({
      twin,
      code: 200,
      complete: true,
      text: '',
    });
    expect(await record()).toBe(before);
    expect([readdirSync(dir), connections]).toEqual([[], 0]);
    expect(existsSync(join(process.cwd(), 'written'))).toBe(false);
  });

  test('the functions of the engine are those that somebody has looked at', async () => {
    const names = (await sink.sql('SELECT DISTINCT lower(name) FROM system.table_functions ORDER BY 1')).split('\n');
    const passed: string[] = [];
    for (const name of names) {
      if (!(await ask(`SELECT * FROM ${name}('x')`)).text.startsWith('ERR_QUERY_REFUSED')) passed.push(name);
    }
    expect(passed).toEqual([
      ...['format', 'fuzzjson', 'generate_series', 'generaterandom', 'generateseries', 'null', 'numbers', 'numbers_mt'],
      ...['primes', 'sqlstandardvalues', 'values', 'view', 'viewifpermitted', 'zeros', 'zeros_mt'],
    ]);
  }, 30_000);
});

import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';

const secretValue = 'correct-horse-battery-staple';
const secretBase64 = Buffer.from(secretValue).toString('base64');

/** The real process, asked everything that a sender, an auditor or somebody hostile may ask. */
describe('audit sink', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  const countOf = async (condition: string): Promise<number> =>
    Number(await sink.sql(`SELECT count() FROM audit_events WHERE ${condition}`));
  const stored = (what: string, condition: string, want = 1): Promise<true> =>
    eventually(what, async () => ((await countOf(condition)) === want ? true : undefined));

  describe('intake', () => {
    test.each([
      { situation: 'another token', token: 'nobody', body: eventList(['x']), want: 401, wantText: 'ERR_TOKEN_INVALID' },
      { situation: 'no token', token: '', body: eventList(['x']), want: 401, wantText: 'ERR_TOKEN_INVALID' },
      { situation: 'no JSON', body: '{"kind":', want: 400, wantText: 'ERR_AUDIT_EVENTS_INVALID' },
      { situation: 'another kind', body: '{"kind":"Pod"}', want: 400, wantText: 'kind: expected \\"EventList\\"' },
      { situation: 'nothing', body: '', want: 400, wantText: 'ERR_AUDIT_EVENTS_INVALID' },
    ])('$situation is answered $want, as a Status', async ({ token, body, want, wantText }) => {
      const answer = await sink.post('/audit', body, token);
      expect(answer.code).toBe(want);
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure', code: want });
      expect(answer.text).toContain(wantText);
      expect(answer.text).not.toMatch(/node_modules|\.ts:\d/);
    });

    test('a broken event is kept as a stub, and its neighbours whole', async () => {
      const list = JSON.parse(eventList(['beside-1', 'beside-2'])) as { items: unknown[] };
      list.items.splice(1, 0, { auditID: 'broken-1', stage: 5 });
      expect(await sink.post('/audit', JSON.stringify(list))).toMatchObject({ code: 200 });
      await stored('the neighbours', "startsWith(audit_id, 'beside-') AND broken = ''", 2);
      await stored('the stub', "audit_id = 'broken-1' AND startsWith(broken, 'broken: stage')");
    });

    test('a lone surrogate and a body nested deeper than the stack stop nothing that comes behind them', async () => {
      expect(await sink.post('/audit', eventList(['surrogate-\ud800'], { userAgent: '\udc00' }))).toMatchObject({
        code: 200,
      });
      const depth = 50_000;
      const nested = eventList(['nested']).replace(
        '"text":',
        `"deep":${'['.repeat(depth)}${']'.repeat(depth)},"text":`,
      );
      expect(await sink.post('/audit', nested)).toMatchObject({ code: 200 });
      expect(await sink.post('/audit', eventList(['behind']))).toMatchObject({ code: 200 });
      await stored('what came behind', "audit_id = 'behind'");
      await stored('the nested one', "audit_id = 'nested'");
      await stored('the lone surrogate', "startsWith(audit_id, 'surrogate-')");
    });

    test('one audit id with two contents is two events', async () => {
      await sink.post('/audit', eventList(['twin'], { verb: 'get' }));
      await sink.post('/audit', eventList(['twin'], { verb: 'delete' }));
      await stored('both', "audit_id = 'twin'", 2);
    });

    test('no value of a Secret is in the store, nor in the log', async () => {
      const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'db' }, data: { password: secretBase64 } };
      const about = { objectRef: { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' } };
      await sink.post('/audit', eventList(['secret-1'], { ...about, requestObject: secret, responseObject: secret }));
      const patch = { stringData: { password: secretValue } };
      await sink.post('/audit', eventList(['secret-2'], { ...about, requestObject: patch, responseObject: secret }));
      await stored('they are stored', "startsWith(audit_id, 'secret-')", 2);
      const bodies = await sink.sql("SELECT request_body, response_body FROM audit_events WHERE resource = 'secrets'");
      expect(bodies).toContain('holdpoint-mask:v1:');
      expect(bodies).not.toMatch(new RegExp(`${secretValue}|${secretBase64}`));
      expect(sink.log()).not.toMatch(new RegExp(`${secretValue}|${secretBase64}`));
    });

    test('a recording, sent twice and out of order, is played in order and once', async () => {
      const batch = (sequence: number, frames: unknown[], more: object = {}) => ({
        ...{
          recordingId: 'r-1',
          auditId: 'a-1',
          session: 's-1',
          username: 'coding-agent',
          namespace: 'prod',
          pod: 'shop-0',
        },
        ...{ container: 'shop', command: ['sh'], startedAt: '2026-05-04T10:11:12Z', sequence, frames, ...more },
      });
      const second = JSON.stringify({
        recordings: [batch(1, [[1, 'o', 'world']], { endedAt: '2026-05-04T10:11:14Z' })],
      });
      const first = JSON.stringify({ recordings: [batch(0, [[0.5, 'o', 'hello ']])] });
      for (const body of [second, first, second])
        expect(await sink.post('/recordings', body)).toMatchObject({ code: 200 });
      const text = await eventually('it is stored', async () => {
        const played = await sink.sql(
          `SELECT arrayStringConcat(arrayFlatten(groupArray(arrayMap(f -> f.3, frames)))) FROM
             (SELECT frames FROM recordings WHERE recording_id = 'r-1' ORDER BY sequence_in_recording)`,
        );
        return played === 'hello world' ? played : undefined;
      });
      expect(text).toBe('hello world');
      expect(await sink.post('/recordings', '{"recordings":[{"recordingId":5}]}')).toMatchObject({
        code: 400,
        text: expect.stringContaining('recordings[0].'),
      });
    });
  });

  describe('query endpoint', () => {
    test.each(['sessions', 'timeline', 'decisions', 'approvals', 'secret_reads', 'execs', 'bypasses'])(
      'the view %s answers',
      async (view) => {
        expect(JSON.parse(await sink.sql(`SELECT * FROM ${view} FORMAT JSON`))).toHaveProperty('rows');
      },
    );

    test.each([
      { situation: 'no token', headers: { authorization: 'none' } },
      { situation: 'another token', headers: { authorization: 'Bearer nobody' } },
      {
        situation: 'another password',
        headers: { authorization: `Basic ${Buffer.from('default:nobody').toString('base64')}` },
      },
      {
        situation: 'an empty password',
        headers: { authorization: `Basic ${Buffer.from('default:').toString('base64')}` },
      },
    ])('$situation is answered 401, and nothing of the record', async ({ headers }) => {
      expect(await sink.ask('SELECT 1', { headers })).toMatchObject({
        code: 401,
        text: expect.not.stringContaining('1\n'),
      });
    });

    test.each([
      { situation: 'a drop', statement: 'DROP TABLE audit_events' },
      { situation: 'an insert', statement: "INSERT INTO audit_events (audit_id) VALUES ('forged')" },
      { situation: 'an outfile', statement: "SELECT 1 INTO OUTFILE '/tmp/holdpoint-outfile'" },
      { situation: 'a file', statement: "SELECT file('/etc/hostname')" },
      { situation: 'a file by an escaped name', statement: "SELECT `fi\\x6ce`('/etc/hostname')" },
      { situation: 'a file by a function argument', statement: "SELECT arrayMap(file, ['/etc/hostname'])" },
      { situation: 'a file by APPLY', statement: "SELECT * APPLY file FROM (SELECT '/etc/hostname')" },
      { situation: 'a URL', statement: "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)" },
      { situation: 'two statements', statement: 'SELECT 1; DROP TABLE audit_events' },
      { situation: 'settings', statement: 'SELECT 1 SETTINGS readonly = 0' },
    ])('$situation is refused by name, and the record is untouched', async ({ statement }) => {
      const before = await countOf('1');
      const answer = await sink.ask(statement);
      expect(answer.code).toBe(403);
      expect(answer.text).toContain('ERR_QUERY_REFUSED');
      expect(await countOf('1')).toBe(before);
    });

    test('what ClickHouse itself refuses comes with its own words', async () => {
      expect(await sink.ask('SELECT nothing FROM audit_events')).toMatchObject({
        code: expect.any(Number),
        text: expect.stringMatching(/Code: 47.*nothing/s),
      });
    });

    test('the engine can read no function that the check lets through and that reaches out', async () => {
      const names = (await sink.sql('SELECT name FROM system.table_functions FORMAT TSV')).split('\n');
      const passed: string[] = [];
      for (const name of names) {
        const answer = await sink.ask(`SELECT * FROM ${name}('/etc/hostname')`);
        if (!answer.text.includes('ERR_QUERY_REFUSED')) passed.push(name);
      }
      expect(passed.sort()).toEqual(harmlessTableFunctions);
    }, 30_000);
  });

  test('a torn tail after a crash is cut off at the next start, and said so', async () => {
    await sink.kill();
    const spool = join(sink.dataDir, 'spool');
    const last =
      readdirSync(spool)
        .filter((name) => name.endsWith('.spool'))
        .sort()
        .at(-1) ?? '';
    appendFileSync(join(spool, last), Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 2, 3, 4]), Buffer.from('{"torn":')]));
    await sink.start();
    expect(sink.log()).toContain('torn spool tail cut off');
    expect(await sink.post('/audit', eventList(['after-the-tear']))).toMatchObject({ code: 200 });
    await stored('what came after', "audit_id = 'after-the-tear'");
  }, 60_000);

  test('told to stop it stores what it has and ends in good order', async () => {
    expect(await sink.post('/audit', eventList(['last-words']))).toMatchObject({ code: 200 });
    expect(await sink.stop()).toBe(0);
    await sink.start();
    expect(await countOf("audit_id = 'last-words'")).toBe(1);
  }, 60_000);
});

/** They make numbers, or read what is given to them. Whoever updates the engine looks at what is new. */
const harmlessTableFunctions = [
  ...[
    'SQLStandardValues',
    'format',
    'fuzzJSON',
    'generateRandom',
    'generateSeries',
    'generate_series',
    'null',
    'numbers',
  ],
  ...['numbers_mt', 'primes', 'values', 'view', 'viewIfPermitted', 'zeros', 'zeros_mt'],
];

describe('audit sink with a small disk', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink(['--spool-max-bytes', '20000']);
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  test('what never fits is 503 with Retry-After, and keeps nothing else out', async () => {
    const answer = await sink.post('/audit', eventList(Array.from({ length: 50 }, (_, i) => `big-${String(i)}`)));
    expect(answer).toMatchObject({ code: 503, text: expect.stringContaining('ERR_SPOOL_FULL') });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await sink.post('/audit', eventList(['small']))).toMatchObject({ code: 200 });
  });

  test('room is made by what is loaded: many times the limit goes through, and all of it is stored', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `many-${String(i)}`);
    let refused = 0;
    for (const id of ids) {
      await eventually(`${id} is taken`, async () => {
        const { code } = await sink.post('/audit', eventList([id]));
        if (code === 503) refused += 1;
        return code === 200 ? true : undefined;
      });
    }
    expect(refused).toBeGreaterThan(0);
    await eventually('all are stored', async () => {
      const count = await sink.sql("SELECT count() FROM audit_events WHERE startsWith(audit_id, 'many-')");
      return count === String(ids.length) ? true : undefined;
    });
  }, 60_000);
});

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askSink, bearer, type AskedAnswer } from '../../src/ask-sink.ts';
import { createAuditSink, eventList, type AuditSink } from '../../src/audit-sink.ts';
import { eventually } from '../../src/eventually.ts';

/** Whatever somebody asks, the sink goes on: it takes events, and answers the next. */
describe('the query endpoint under load', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());

  const ask = (body: string, path = '/'): Promise<AskedAnswer> => askSink(sink, { path, headers: bearer(sink), body });
  /** Works for as long as it may. */
  const endless = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1';

  const goesOn = async (): Promise<void> => {
    expect(await sink.post('/audit', eventList([`after-${String(Math.trunc(performance.now()))}`]))).toMatchObject({
      code: 200,
    });
    expect(await ask('SELECT 1')).toMatchObject({ code: 200, text: '1\n' });
  };
  /** Asks and hangs up as soon as `until` says so. */
  const askAndLeave = (body: string, until: 'sent' | 'first byte'): Promise<void> =>
    new Promise((resolve) => {
      const options = { method: 'POST', headers: bearer(sink), ca: readFileSync(sink.caFile), agent: false };
      const sent = request(`${sink.url}/`, options, (answer) => answer.once('data', () => sent.destroy()));
      sent.on('error', () => undefined);
      sent.on('close', () => resolve());
      sent.end(body, () => {
        // Long enough for the query to have begun; what follows holds if it has not, too.
        if (until === 'sent') setTimeout(() => sent.destroy(), 300);
      });
    });
  const cancelled = (): number => sink.log().split('client gone').length - 1;

  test.each([
    { limit: 'time', path: '/?max_execution_time=1', body: endless, code: 408, number: '159' },
    {
      limit: 'time, as JSON',
      path: '/?max_execution_time=1',
      body: `${endless} FORMAT JSON`,
      code: 408,
      number: '159',
    },
    {
      limit: 'memory',
      path: '/',
      body: 'SELECT length(groupArray(number)) FROM numbers(1000000000)',
      code: 500,
      number: '241',
    },
    {
      limit: 'memory, lowered',
      path: '/?max_memory_usage=20000000',
      body: 'SELECT length(groupArray(number)) FROM numbers(20000000)',
      code: 500,
      number: '241',
    },
    {
      limit: 'rows',
      path: '/?wait_end_of_query=1',
      body: 'SELECT number FROM numbers(10000001) FORMAT Null',
      code: 400,
      number: '396',
    },
    {
      limit: 'rows, lowered',
      path: '/?max_result_rows=10',
      body: 'SELECT number FROM numbers(11)',
      code: 400,
      number: '396',
    },
    {
      limit: 'bytes of an answer in one piece',
      path: '/',
      body: 'SELECT repeat(toString(number), 300) FROM numbers(100000) FORMAT JSON',
      code: 400,
      number: '396',
    },
    {
      limit: 'a limit cannot be lifted',
      path: '/?max_result_rows=0&wait_end_of_query=1',
      body: 'SELECT number FROM numbers(10000001) FORMAT Null',
      code: 400,
      number: '396',
    },
  ])(
    '$limit',
    async ({ path, body, code, number }) => {
      const answer = await ask(body, path);
      expect(answer).toMatchObject({ code, text: expect.stringMatching(new RegExp(`^Code: ${number}\\.`)) });
      await goesOn();
    },
    60_000,
  );

  test('a client that goes ends its query: others find all slots free', async () => {
    const before = cancelled();
    await Promise.all(Array.from({ length: 2 }, () => askAndLeave(endless, 'sent')));
    await Promise.all(Array.from({ length: 2 }, () => askAndLeave(`${endless} FORMAT JSON`, 'sent')));
    await eventually('all of them are ended', () => Promise.resolve(cancelled() >= before + 4 ? true : undefined));
    await goesOn();
  }, 60_000);

  test('a client that goes in the middle of its answer ends it', async () => {
    const before = cancelled();
    await askAndLeave('SELECT number FROM numbers(9000000)', 'first byte');
    await eventually('it is ended', () => Promise.resolve(cancelled() > before ? true : undefined));
    await goesOn();
  }, 60_000);

  test('more than may wait are told to come again; those that may, wait and are answered', async () => {
    const path = '/?max_execution_time=2';
    const answers = await Promise.all(Array.from({ length: 45 }, () => ask(endless, path)));
    const refused = answers.filter(({ code }) => code === 503);
    expect(refused.length).toBeGreaterThanOrEqual(9);
    for (const { headers, text } of refused) {
      expect(text).toContain('too many queries');
      expect(headers).toMatchObject({ 'retry-after': expect.any(String), 'x-clickhouse-exception-code': '202' });
    }
    expect(answers.filter(({ code }) => code === 408).length).toBe(answers.length - refused.length);
    await goesOn();
  }, 60_000);

  test('events are taken while all slots are at work', async () => {
    const working = Array.from({ length: 8 }, () => ask(endless, '/?max_execution_time=3'));
    expect(await sink.post('/audit', eventList(['meanwhile']))).toMatchObject({ code: 200 });
    await Promise.all(working);
    await eventually('it is stored', async () =>
      (await sink.sql("SELECT count() FROM audit_events WHERE audit_id = 'meanwhile'")) === '1' ? true : undefined,
    );
  }, 60_000);
});

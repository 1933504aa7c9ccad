import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository } from '@holdpoint/local';
import { createAuditSink, eventList, type AuditSink } from '../src/audit-sink.ts';
import { startStandIn } from '../src/clickhouse-server.ts';
import { eventually } from '../src/eventually.ts';
import { metricIn, metricsText } from '../src/metrics-text.ts';

/** What whoever runs the audit sink sees of it, and does to it. */
describe('running the audit sink', () => {
  let sink: AuditSink;
  beforeAll(async () => {
    sink = await createAuditSink();
    await sink.start();
  }, 60_000);
  afterAll(() => sink?.close());
  const readMetrics = (): Promise<string> => metricsText(sink.url, sink.caFile);

  test('metrics: the documented names and Node’s own, and counts that move', async () => {
    const events = 'holdpoint_auditsink_events_total{source="apiserver"}';
    const before = metricIn(await readMetrics(), events);
    expect(await sink.post('/audit', eventList(['tallied-1', 'tallied-2']))).toMatchObject({ code: 200 });
    await sink.post('/audit', 'no list');
    await sink.sql('SELECT 1');
    await eventually('they are stored', async () =>
      (await sink.sql("SELECT count() FROM audit_events WHERE startsWith(audit_id, 'tallied-')")) === '2'
        ? true
        : undefined,
    );
    const text = await readMetrics();
    const metric = (line: string): number => metricIn(text, line);
    expect(metric(events)).toBe(before + 2);
    expect(metric('holdpoint_auditsink_posts_total{path="/audit",code="200"}')).toBeGreaterThan(0);
    expect(metric('holdpoint_auditsink_posts_total{path="/audit",code="400"}')).toBe(1);
    expect(metric('holdpoint_auditsink_acknowledgement_duration_seconds_count{path="/audit"}')).toBeGreaterThan(0);
    expect(metric('holdpoint_auditsink_rows_stored_total{table="audit_events"}')).toBeGreaterThan(1);
    expect(metric('holdpoint_auditsink_query_duration_seconds_count{code="200"}')).toBeGreaterThan(0);
    expect(metric('holdpoint_auditsink_store_open')).toBe(1);
    expect(metric('holdpoint_auditsink_spool_max_bytes')).toBe(4 * 1024 ** 3);

    const documented = readFileSync(inRepository('docs', 'reference', 'metrics.md'), 'utf8');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    for (const name of names.filter((each) => each.startsWith('holdpoint_')))
      expect(documented).toContain(`\`${name}\``);
    expect(names.filter((name) => !/^(holdpoint|process|nodejs)_/.test(name))).toEqual([]);
    expect(text).not.toMatch(/coding-agent|ai-agents|tallied/);
  }, 60_000);

  test('a certificate that is renewed: served without a restart, and events are taken', async () => {
    const pid = sink.pid();
    const wanted = await sink.renewCertificate();
    await eventually('the new one is served', async () => ((await servedSerial(sink)) === wanted ? true : undefined));
    expect(await sink.post('/audit', eventList(['renewed']))).toMatchObject({ code: 200 });
    expect(metricIn(await readMetrics(), 'holdpoint_tls_reloads_total{result="ok"}')).toBe(1);
    expect(sink.pid()).toBe(pid);
  }, 60_000);

  describe('--check', () => {
    test('beside a sink that runs: that folder is taken, and nothing else is wrong', async () => {
      expect(await sink.check()).toEqual({
        code: 1,
        lines: [expect.stringMatching(/^ERR_DATA_DIR_IN_USE: .* is in use by process \d+/)],
      });
    }, 60_000);

    test('all that is wrong, at once', async () => {
      const { code, lines } = await sink.check([
        ...['--spool-max-bytes', 'much', '--retention-days', '1.5', '--completeness-every', 'often'],
        ...['--mask-key-file', sink.caFile, '--checkpoint-key-file', sink.caFile, '--query-token-file', '/dev/null'],
        ...['--data-dir', `${sink.dataDir}-checked`, '--clickhouse-url', 'ftp://store'],
      ]);
      expect(code).toBe(1);
      expect(lines).toEqual([
        'ERR_CONFIG_INVALID: --spool-max-bytes: "much" is not a number of bytes',
        expect.stringContaining('--completeness-every'),
        'ERR_CONFIG_INVALID: --retention-days: "1.5" is not a whole number of days, or 0 for ever',
        expect.stringContaining('expected at least 32 bytes as hex'),
        'ERR_CONFIG_INVALID: /dev/null: expected a token, got nothing',
        expect.stringContaining('expected an Ed25519 private key in PEM'),
        expect.stringContaining('--clickhouse-url'),
      ]);
    }, 60_000);

    test('nothing wrong', async () => {
      expect(await sink.check(['--data-dir', `${sink.dataDir}-checked`])).toEqual({
        code: 0,
        lines: ['auditsink: ready to serve'],
      });
    }, 60_000);
  });
});

describe('a sink that is told to end while events come', () => {
  test('says so, takes them on until nobody comes any more, and keeps every one', async () => {
    const sink = await createAuditSink(['--drain-delay', '2s']);
    try {
      await sink.start();
      const agent = new Agent({ keepAlive: true, ca: readFileSync(sink.caFile) });
      const acknowledged: string[] = [];
      const ended = sink.stop();
      const from = Date.now();
      await eventually('it is not ready', async () => ((await get(sink, '/readyz')).code === 503 ? true : undefined));
      // Half of the delay, so that a busy machine does not make this a race.
      for (let i = 0; Date.now() - from < 1_000; i += 1) {
        const id = `ending-${String(i)}`;
        if ((await post(sink, agent, eventList([id]))).code === 200) acknowledged.push(id);
        await sleep(50);
      }
      expect(await ended).toBe(0);
      expect(acknowledged.length).toBeGreaterThan(0);
      await sink.start();
      const stored = await sink.sql("SELECT audit_id FROM audit_events WHERE startsWith(audit_id, 'ending-')");
      expect(stored.split('\n').sort()).toEqual([...acknowledged].sort());
    } finally {
      await sink.close();
    }
  }, 90_000);
});

describe('a sink whose store is away', () => {
  test('is ready for events, not for questions; and for both once the store is there', async () => {
    const store = await startStandIn();
    const folder = mkdtempSync(join(tmpdir(), 'holdpoint-operations-'));
    writeFileSync(join(folder, 'password'), store.password, { mode: 0o600 });
    const sink = await createAuditSink([
      ...['--clickhouse-url', store.url, '--clickhouse-user', store.username],
      ...['--clickhouse-password-file', join(folder, 'password')],
    ]);
    try {
      await store.kill();
      sink.launch();
      await eventually('it takes events', async () =>
        (await get(sink, '/readyz').catch(() => undefined))?.code === 200 ? true : undefined,
      );
      expect(await get(sink, '/readyz/query')).toMatchObject({ code: 503 });
      expect(await sink.post('/audit', eventList(['while-away']))).toMatchObject({ code: 200 });
      expect((await sink.ask('SELECT 1')).code).toBe(503);
      expect(metricIn(await metricsText(sink.url, sink.caFile), 'holdpoint_auditsink_store_open')).toBe(0);
      await store.start();
      await eventually('it answers', async () => ((await get(sink, '/readyz/query')).code === 200 ? true : undefined));
      await eventually('the event is stored', async () =>
        (await sink.sql("SELECT count() FROM audit_events WHERE audit_id = 'while-away'")) === '1' ? true : undefined,
      );
    } finally {
      await sink.close();
      await store.close();
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});

interface Answer {
  code: number;
  text: string;
}

function get(sink: AuditSink, path: string): Promise<Answer> {
  return send(sink, { method: 'GET', path, agent: false });
}

function post(sink: AuditSink, agent: Agent, body: string): Promise<Answer> {
  return send(sink, { method: 'POST', path: '/audit', agent, body });
}

function send(
  sink: AuditSink,
  { method, path, agent, body }: { method: string; path: string; agent: Agent | false; body?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { authorization: `Bearer ${sink.intakeToken}` };
    const options = { method, agent, headers, ca: readFileSync(sink.caFile) };
    const sent = request(`${sink.url}${path}`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function servedSerial(sink: AuditSink): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: Number(new URL(sink.url).port), ca: readFileSync(sink.caFile) },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

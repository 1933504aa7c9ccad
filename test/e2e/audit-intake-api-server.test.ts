import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, startStack, type Stack } from '@holdpoint/local';
import { createAuditSink, type AuditSink } from '../src/audit-sink.ts';
import { eventually } from '../src/eventually.ts';

/** One real API server that tells two sinks: one by webhook with a client certificate, one by its log, which it rotates. */
describe('audit intake: what a real API server sends', () => {
  let folder: string;
  let byWebhook: AuditSink;
  let byFile: AuditSink;
  let stack: Stack;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdpoint-intake-'));
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const authority = await createAuthority('clients');
    const client = await authority.issueClient('kube-apiserver');
    const log = join(folder, 'audit.log');
    byFile = await createAuditSink(['--audit-log-file', log]);
    byWebhook = await createAuditSink([
      ...['--intake-client-ca-file', write('clients.pem', authority.certificate)],
      ...['--intake-client-names', 'kube-apiserver'],
    ]);
    const cluster = { server: `${byWebhook.url}/audit`, 'certificate-authority': byWebhook.caFile };
    const user = {
      'client-certificate': write('client.pem', client.certificate),
      'client-key': write('client.key', client.key),
    };
    const kubeconfig = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'audit' },
      clusters: [{ name: 'sink', cluster }],
      users: [{ name: 'api-server', user }],
      contexts: [{ name: 'audit', context: { cluster: 'sink', user: 'api-server' } }],
    };
    await Promise.all([byFile.start(), byWebhook.start()]);
    stack = await startStack({
      services: [],
      apiServerFlags: {
        'audit-webhook-config-file': write('audit-webhook.json', JSON.stringify(kubeconfig)),
        'audit-log-path': log,
        'audit-log-maxsize': '1',
      },
    });
  }, 900_000);
  afterAll(async () => {
    await stack?.close();
    await byFile?.close();
    await byWebhook?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test('by webhook and by log it is the same events, and no field of them is unknown', async () => {
    const count = 80;
    const maps = Array.from({ length: count }, (_, i) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `map-${String(i)}`, namespace: 'rotated' } },
      data: { text: 'ä"\\😀'.repeat(2_000) },
    }));
    writeFileSync(join(folder, 'maps.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: maps }));
    expect(await stack.kubectl('admin', ['create', 'namespace', 'rotated'])).toMatchObject({ code: 0 });
    expect(await stack.kubectl('admin', ['create', '-f', join(folder, 'maps.json')])).toMatchObject({ code: 0 });
    const eventsOf = (sink: AuditSink): Promise<string> =>
      eventually(
        'all of them are stored',
        async () => {
          const lines = await sink.sql(
            `SELECT name, audit_id, stage, event_hash, event_time, broken, request_body FROM audit_events
               WHERE resource = 'configmaps' AND verb = 'create' AND namespace = 'rotated' AND name LIKE 'map-%'
               ORDER BY name, stage FORMAT TSV`,
          );
          return lines.split('\n').length >= count ? lines : undefined;
        },
        30_000,
      );
    const [sent, read] = await Promise.all([eventsOf(byWebhook), eventsOf(byFile)]);
    expect(read).toBe(sent);
    expect(sent.split('\n')).toHaveLength(count);
    expect(readdirSync(folder).filter((name) => name.startsWith('audit-2')).length).toBeGreaterThan(0);
    for (const sink of [byWebhook, byFile]) {
      expect(await sink.sql("SELECT DISTINCT broken FROM audit_events WHERE broken != ''")).toBe('');
      expect(sink.log()).not.toContain('one audit id with two contents');
    }
    expect(await byFile.sql('SELECT DISTINCT source FROM audit_events')).toBe('file');
  }, 90_000);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startStack, type Stack } from '@holdpoint/local';
import { askSink, bearer } from '../../src/ask-sink.ts';
import { createAuditSink, type AuditSink } from '../../src/audit-sink.ts';

/** Tokens of a real cluster, and its RBAC, decide who reads the record; the sink runs as its own account of deploy/rbac. */
describe('auditors by their cluster’s token', () => {
  let stack: Stack;
  let sink: AuditSink;
  let stranded: AuditSink;
  const tokens: Record<string, string> = {};
  beforeAll(async () => {
    stack = await startStack({ services: [] });
    const must = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await stack.kubectl('admin', args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };
    for (const name of ['auditor', 'nobody']) await must('create', 'serviceaccount', name, '-n', 'default');
    const binding = ['--clusterrole=holdpoint-auditor', '--serviceaccount=default:auditor'];
    await must('create', 'clusterrolebinding', 'auditor', ...binding);
    const token = (account: string, ...more: string[]): Promise<string> => must('create', 'token', account, ...more);
    tokens['auditor'] = await token('auditor', '-n', 'default');
    tokens['nobody'] = await token('nobody', '-n', 'default');
    tokens['another audience'] = await token('auditor', '-n', 'default', '--audience', 'elsewhere');
    const own = await token('holdpoint-auditsink', '-n', 'holdpoint-system');
    const kubeconfig = (server: string): string => {
      const file = join(stack.dir, `auditsink-${String(server.length)}.json`);
      const cluster = { server, 'certificate-authority': stack.caFile };
      const config = {
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
        clusters: [{ name: 'c', cluster }],
        users: [{ name: 'c', user: { token: own } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
      };
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
      return file;
    };
    sink = await createAuditSink(['--kubeconfig', kubeconfig(stack.urls.apiServer)]);
    // Nobody listens at the discard port.
    stranded = await createAuditSink(['--kubeconfig', kubeconfig('https://127.0.0.1:9')]);
    await Promise.all([sink.start(), stranded.start()]);
  }, 180_000);
  afterAll(async () => {
    await Promise.all([sink?.close(), stranded?.close()]);
    await stack?.close();
  }, 60_000);

  const ask = (of: AuditSink, headers: Record<string, string>) => askSink(of, { path: '/', headers, body: 'SELECT 1' });

  test.each([
    { situation: 'a bearer token', headers: (token: string) => ({ authorization: `Bearer ${token}` }) },
    {
      situation: 'ClickHouse’s key',
      headers: (token: string) => ({ 'x-clickhouse-user': 'x', 'x-clickhouse-key': token }),
    },
    {
      situation: 'a password',
      headers: (token: string) => ({ authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }),
    },
  ])('who is bound to holdpoint-auditor asks, with $situation', async ({ headers }) => {
    expect(await ask(sink, headers(tokens['auditor'] ?? ''))).toMatchObject({ code: 200, text: '1\n' });
  });

  test.each([
    {
      who: 'somebody without the role',
      token: 'nobody',
      code: 403,
      want: /system:serviceaccount:default:nobody may not get auditrecords/,
    },
    { who: 'a token for another audience', token: 'another audience', code: 401, want: /ERR_TOKEN_INVALID/ },
  ])('$who is answered $code', async ({ token, code, want }) => {
    const answer = await ask(sink, { authorization: `Bearer ${tokens[token] ?? ''}` });
    expect(answer).toMatchObject({ code, text: expect.stringMatching(want) });
  });

  test.each([
    { situation: 'made up', token: 'made-up' },
    { situation: 'shaped like one', token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ.' },
  ])('a token that is $situation is nobody’s', async ({ token }) => {
    expect(await ask(sink, { authorization: `Bearer ${token}` })).toMatchObject({ code: 401 });
  });

  test('the query token works beside them', async () => {
    expect(await ask(sink, bearer(sink))).toMatchObject({ code: 200 });
  });

  test('where the API server does not answer, nobody is called unknown; the query token still works', async () => {
    const answer = await ask(stranded, { authorization: `Bearer ${tokens['auditor'] ?? ''}` });
    expect(answer).toMatchObject({ code: 503, text: expect.stringContaining('ERR_UPSTREAM_UNAVAILABLE') });
    expect(answer.headers['retry-after']).toBeDefined();
    expect(await ask(stranded, bearer(stranded))).toMatchObject({ code: 200 });
  });

  test('no token is in the log', () => {
    const log = sink.log() + stranded.log();
    expect(log.length).toBeGreaterThan(0);
    for (const token of [...Object.values(tokens), sink.queryToken, stranded.queryToken])
      expect(log).not.toContain(token);
    expect(log).not.toContain(readFileSync(sink.caFile, 'utf8'));
  });
});

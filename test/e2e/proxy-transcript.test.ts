import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { requestJson } from '../src/request-json.ts';
import { stackRows } from '../src/stack-rows.ts';

interface Told {
  source: string;
  verb: string;
  resource: string;
  subresource: string;
  code: number;
  decision: string;
  hold: string;
  command: string;
  audit_id: string;
  bypass: string;
  annotations: Readonly<Record<string, string>>;
}

/** A cluster whose API server's flags are out of reach: what is on record is what the proxy tells. */
describe('the record of a cluster without an audit webhook', () => {
  let stack: Stack;
  let session: string;
  beforeAll(async () => {
    stack = await startScenario({ apiServerFlags: { 'audit-webhook-config-file': '', 'audit-policy-file': '' } });
    session = stack.sessionOf('agent');
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 120_000);

  const rowsOf = <Row>(statement: string): Promise<Row[]> => stackRows<Row>(stack, statement);
  const told = (condition: string): Promise<Told> =>
    eventually(`told: ${condition}`, async () => {
      const [row] = await rowsOf<Told>(
        `SELECT source, verb, resource, subresource, code, decision, hold, command, audit_id, bypass, annotations
         FROM audit_events WHERE session = '${session}' AND ${condition} ORDER BY event_time DESC LIMIT 1`,
      );
      return row;
    });
  const measured = (row: Told, name: string): number => Number(row.annotations[`proxy.holdpoint.dev/${name}`] ?? NaN);

  test('a read: who, by which command, how much', async () => {
    expect(await stack.kubectl('agent', ['get', 'configmaps', '-n', 'dev'])).toMatchObject({ code: 0 });
    const row = await told("resource = 'configmaps' AND verb = 'list'");
    expect(row).toMatchObject({ source: 'proxy', code: 200, command: 'kubectl get', decision: '', bypass: '' });
    expect(measured(row, 'attempts')).toBe(1);
    expect(measured(row, 'bytes-out')).toBeGreaterThan(100);
  }, 120_000);

  test('a read of Secrets: which were masked, and nothing of what they are', async () => {
    expect(await stack.kubectl('agent', ['get', 'secret', 'db-credentials', '-n', 'prod', '-o', 'yaml'])).toMatchObject(
      {
        code: 0,
      },
    );
    const row = await told("resource = 'secrets' AND verb = 'get'");
    expect(measured(row, 'masked-values')).toBeGreaterThanOrEqual(2);
    expect(row.annotations['proxy.holdpoint.dev/masked']).toContain('prod/db-credentials/password');
    expect(JSON.stringify(await rowsOf('SELECT * FROM audit_events'))).not.toContain('correct-horse');
  }, 120_000);

  test('what the proxy refuses never reaches the API server, and is on record all the same', async () => {
    const path = '/api/v1/nodes/node-1/proxy/metrics';
    expect((await stack.kubectl('agent', ['get', '--raw', path])).code).not.toBe(0);
    const row = await told("subresource = 'proxy'");
    expect(row).toMatchObject({ code: 403, decision: 'deny' });
    expect(measured(row, 'attempts')).toBe(0);
  }, 120_000);

  test.each([
    { verdict: 'approve', name: 'let-through', want: { code: 201, decision: 'approved' }, wantAttempts: 2 },
    { verdict: 'deny', name: 'kept-out', want: { code: 403, decision: 'deny' }, wantAttempts: 1 },
  ])(
    'a held write that somebody is to $verdict: one row, with the hold and the wait',
    async (row) => {
      const running = stack.kubectlStart('agent', ['create', 'configmap', row.name, '-n', 'prod']);
      const hold = await eventually('a hold', () => pendingHold(stack, row.name));
      await stack.approvals('approver', [row.verdict, hold]);
      await running.finished;
      const found = await told(`hold = '${hold}'`);
      expect(found).toMatchObject({
        ...row.want,
        verb: 'create',
        hold,
        command: 'kubectl create configmap',
        bypass: '',
      });
      expect(measured(found, 'attempts')).toBeGreaterThanOrEqual(row.wantAttempts);
      expect(measured(found, 'paused-ms')).toBeGreaterThan(0);
      expect(measured(found, 'total-ms')).toBeGreaterThanOrEqual(measured(found, 'paused-ms'));
    },
    120_000,
  );

  test('a terminal: its row and its recording are one request', async () => {
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
    const pod = pods.stdout.split('\n')[0] ?? '';
    await stack.kubectl('agent', ['exec', '-n', 'prod', pod, '--', 'echo', 'seen']);
    const row = await told("subresource = 'exec' AND code = 101");
    const recordings = await eventually('the recording', async () => {
      const found = await rowsOf<{ audit_id: string }>('SELECT DISTINCT audit_id FROM recordings');
      return found.length > 0 ? found : undefined;
    });
    expect(recordings).toContainEqual({ audit_id: row.audit_id });
  }, 120_000);

  test('nobody fills the record with tokens that are none: some are told of, the others counted', async () => {
    const headers = { authorization: 'Bearer none' };
    const { url } = stack.service('proxy');
    const ask = () => requestJson(url, { method: 'GET', path: '/api', headers, caFile: stack.caFile });
    for (let round = 0; round < 6; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, ask));
      expect(answers.filter(({ code }) => code !== 401)).toEqual([]);
    }
    await eventually('all are accounted for', async () => {
      const [count] = await rowsOf<{ one: string; more: string }>(
        `SELECT toString(countIf(code = 401 AND username = '')) AS one,
           toString(sum(toUInt32OrZero(annotations['proxy.holdpoint.dev/left-out']))) AS more FROM audit_events`,
      );
      return Number(count?.one) + Number(count?.more) === 300 && Number(count?.more) > 0 ? true : undefined;
    });
  }, 120_000);

  test('the session, as an auditor asks for it: listed, and replayed command by command', async () => {
    const { stdout } = await stack.approvals('approver', ['sessions', '-o', 'json']);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ session, username: 'coding-agent', held: 2, approved: 1, bypasses: 0 }),
    );
    const replayed = (await stack.approvals('approver', ['replay', session])).stdout;
    for (const text of ['kubectl create', 'kubectl get', 'kubectl exec', 'seen']) expect(replayed).toContain(text);
    expect(await rowsOf('SELECT DISTINCT source FROM audit_events')).toEqual([{ source: 'proxy' }]);
    expect(await rowsOf('SELECT * FROM bypasses')).toEqual([]);
  }, 120_000);
});

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startStack, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** Longer than the API server's patience with one POST (30 s): it must have given up, and tried again, at least once. */
const stoppedMs = 60_000;
const writesASecond = 20;

/** The sink hangs, its socket open, as a machine that swaps does: the API server's own retries and ours meet. */
describe('an audit sink that hangs for a minute under a real API server', () => {
  let stack: Stack;
  const written = new Set<string>();
  beforeAll(async () => {
    stack = await startStack({
      services: ['auditsink'],
      // The API server's own default. Our stacks try again sooner, which would end all five tries at about the time when
      // the sink comes back: the API server would lose the first batches, not the sink.
      apiServerFlags: { 'audit-webhook-initial-backoff': '10s' },
    });
    const token = await stack.kubectl('admin', ['create', 'token', 'default', '-n', 'default', '--duration=1h']);
    await stack.kubectl('admin', [
      ...['create', 'clusterrolebinding', 'writer', '--clusterrole=cluster-admin', '--serviceaccount=default:default'],
    ]);
    const { pid } = stack.service('auditsink');
    if (pid === undefined) throw new Error('the sink does not run');
    const agent = new Agent({ keepAlive: true, ca: readFileSync(stack.caFile) });
    process.kill(pid, 'SIGSTOP');
    try {
      const until = Date.now() + stoppedMs;
      while (Date.now() < until) {
        written.add(
          await createConfigMap(
            stack.urls.apiServer,
            agent,
            token.stdout.trim(),
            `while-stopped-${String(written.size)}`,
          ),
        );
        await sleep(1_000 / writesASecond);
      }
    } finally {
      process.kill(pid, 'SIGCONT');
      agent.destroy();
    }
  }, 300_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test('every write of that minute is in the record in the end, whole, and once', async () => {
    const rows = await eventually(
      'the record is whole',
      async () => {
        const { stdout } = await stack.approvals('approver', [
          'sql',
          `SELECT audit_id, count() FROM audit_events
           WHERE resource = 'configmaps' AND verb = 'create' AND stage = 'ResponseComplete' AND name LIKE 'while-stopped-%'
             AND response_body LIKE '%while-stopped-%' GROUP BY audit_id FORMAT TSV`,
        ]);
        const found = new Map(
          stdout
            .trim()
            .split('\n')
            .map((line) => line.split('\t') as [string, string]),
        );
        return [...written].every((id) => found.has(id)) ? found : undefined;
      },
      240_000,
    );
    expect(written.size).toBeGreaterThan((stoppedMs / 1_000) * writesASecond * 0.3);
    expect([...rows].filter(([id, count]) => count !== '1' || !written.has(id))).toEqual([]);
  }, 270_000);
});

/** Resolves with the request's Audit-ID. */
function createConfigMap(apiServer: string, agent: Agent, token: string, name: string): Promise<string> {
  const body = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { name } });
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(
      `${apiServer}/api/v1/namespaces/default/configmaps`,
      { method: 'POST', agent, headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 201) resolve(String(answer.headers['audit-id']));
          else reject(new Error(`${name}: ${String(answer.statusCode)}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** What one replica does for all, beside the requests' path. */
describe('the leader’s duties', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario({ webhookFlags: ['--hold-retention', '5s'] });
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const contained = async (): Promise<{ status: string; message: string } | undefined> => {
    const path = 'jsonpath={.status.conditions[?(@.type=="Contained")]}';
    const { stdout } = await stack.kubectl('admin', ['get', 'accesspolicy', 'coding-agents', '-o', path]);
    return stdout === '' ? undefined : (JSON.parse(stdout) as { status: string; message: string });
  };
  const turns = (status: string) =>
    eventually(
      `Contained turns ${status}`,
      async () => {
        const condition = await contained();
        return condition?.status === status ? condition : undefined;
      },
      120_000,
    );

  test('a hold that is over goes after its time, and the audit store keeps what was asked and decided', async () => {
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'kept-on-record', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'kept-on-record'));
    expect(await stack.approvals('approver', ['approve', hold, '--reason', 'for the record'])).toMatchObject({
      code: 0,
    });
    expect(await running.finished).toMatchObject({ code: 0 });
    await eventually(
      'the hold is gone',
      async () => {
        const { stdout } = await stack.kubectl('admin', ['get', 'hold', hold, '--ignore-not-found', '-o', 'name']);
        return stdout === '' ? true : undefined;
      },
      60_000,
    );
    const sql = `SELECT decided_by, reason FROM timeline WHERE hold = '${hold}' AND decided_by != '' LIMIT 1`;
    const kept = await eventually('it is on record', async () => {
      const { stdout } = await stack.approvals('approver', ['sql', sql, '--format', 'TSV']);
      return stdout === '' ? undefined : stdout;
    });
    expect(kept).toBe('alice\tfor the record\n');
  }, 120_000);

  test('Contained, with the role for agents: True; with edit in one namespace: False, and it says why; taken away: True', async () => {
    await turns('True');
    const binding = ['too-much', '--clusterrole=edit', '--group=ai-agents', '-n', 'dev'];
    expect(await stack.kubectl('admin', ['create', 'rolebinding', ...binding])).toMatchObject({ code: 0 });
    const { message } = await turns('False');
    expect(message).toContain('Group ai-agents: impersonate serviceaccounts in 1 namespace');
    await stack.kubectl('admin', ['delete', 'rolebinding', 'too-much', '-n', 'dev']);
    await turns('True');
    const enforced = ['wait', '--for=condition=Enforced', 'accesspolicy/coding-agents', '--timeout=5s'];
    expect(await stack.kubectl('admin', enforced)).toMatchObject({ code: 0 });
  }, 400_000);
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** What no webhook can stop is told where an admin looks. */
describe('the condition Contained', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
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

  test('with the role for agents: True; with edit in one namespace: False, and it says why; taken away: True', async () => {
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

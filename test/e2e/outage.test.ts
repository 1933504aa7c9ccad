import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** Longer than any service waits before it asks again, several times over. */
const outageMs = 8_000;

/** The API server goes away for a while: whatever is kept of its objects is current again once it is back. */
describe('after an outage of the API server', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
    const apiServer = stack.controlPlane.find(({ name }) => name === 'kube-apiserver');
    await apiServer?.stop();
    await sleep(outageMs);
    await apiServer?.start();
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test('a change of policy is heard of: what was allowed is refused', async () => {
    let replicas = 3;
    // Another number each time: what changes nothing passes whatever the rules say.
    const scale = () => {
      replicas = replicas === 9 ? 3 : replicas + 1;
      return stack.kubectl('agent-direct', ['scale', 'deployment/web', '-n', 'prod', '--replicas', String(replicas)]);
    };
    expect(await scale()).toMatchObject({ code: 0 });
    const patch = [{ op: 'replace', path: '/spec/rules/1/action', value: 'Deny' }];
    const args = ['patch', 'accesspolicy', 'coding-agents', '--type=json', '-p', JSON.stringify(patch)];
    expect(await stack.kubectl('admin', args)).toMatchObject({ code: 0 });
    await eventually('the rule refuses', async () => {
      const { code, stderr } = await scale();
      return code !== 0 && stderr.includes('scale-a-little') ? true : undefined;
    });
  }, 60_000);

  test('a write through the proxy is held, and passes once it is approved', async () => {
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'after-outage', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'after-outage'));
    expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    expect(await running.finished).toMatchObject({ code: 0 });
  }, 60_000);

  test('a grant that is given is heard of', async () => {
    const given = await stack.approvals('approver', [
      ...['grant', 'coding-agent', '--rule', 'coding-agents/production-writes', '--for', '5m'],
    ]);
    expect(given).toMatchObject({ code: 0 });
    await eventually('it lets a write through', async () => {
      const name = `granted-${String(Date.now())}`;
      const running = stack.kubectlStart('agent-direct', ['create', 'configmap', name, '-n', 'prod']);
      const ended = await Promise.race([running.finished, sleep(2_000, undefined, { ref: false })]);
      running.kill();
      return ended?.code === 0 ? true : undefined;
    });
  }, 60_000);
});

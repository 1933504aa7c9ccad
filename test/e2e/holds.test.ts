import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hold } from '@holdpoint/core';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

const metadata = (name: string) => ({ name, namespace: 'prod' });
const container = { name: 'c', image: 'registry.example/shop/c:1', command: ['true'] };
const podSpec = { containers: [container], restartPolicy: 'Never' };

/** A held write passes once it is approved, whatever the API server writes into it anew at each attempt. */
describe('a held write', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const heldThenApproved = async (args: string[], input: string | undefined, name: string) => {
    const running = stack.kubectlStart('agent', args, input === undefined ? {} : { input });
    const hold = await eventually(`a hold about ${name}`, () => pendingHold(stack, name));
    expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    return { hold, done: await running.finished };
  };
  const holdsAbout = async (name: string): Promise<Hold[]> => {
    const { stdout } = await stack.kubectl('admin', ['get', 'holds', '-o', 'json']);
    return (JSON.parse(stdout) as { items: Hold[] }).items.filter((hold) => hold.spec.request.name === name);
  };

  test.each([
    {
      situation: 'a Service, whose address is drawn anew',
      object: { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }], type: 'NodePort' } },
    },
    {
      situation: 'a Job, whose pods carry its uid',
      object: { apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec: podSpec } } },
    },
    {
      situation: 'a Pod, whose token volume is named anew',
      object: { apiVersion: 'v1', kind: 'Pod', spec: podSpec },
    },
    { situation: 'a ConfigMap', object: { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } } },
  ])(
    'creating $situation: passes on one approval',
    async ({ object }) => {
      const name = `held-${object.kind.toLowerCase()}`;
      const input = JSON.stringify({ ...object, metadata: metadata(name) });
      const { done } = await heldThenApproved(['create', '-f', '-'], input, name);
      expect(done).toMatchObject({ code: 0 });
      expect((await holdsAbout(name)).map((hold) => hold.status?.phase)).toEqual(['Used']);
    },
    60_000,
  );

  test('server-side apply: one approval covers the change and the bookkeeping that follows it', async () => {
    const name = 'applied';
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(name), data: { a: '1' } });
    const { done } = await heldThenApproved(['apply', '--server-side', '-f', '-'], input, name);
    expect(done).toMatchObject({ code: 0 });
    expect(await holdsAbout(name)).toHaveLength(1);
  }, 60_000);

  test('turning to server-side apply: one approval covers the change, and kubectl’s move of what it owned', async () => {
    const name = 'turned';
    const input = (a: string) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(name), data: { a, b: 'same' } });
    expect(await stack.kubectl('admin', ['apply', '-f', '-'], { input: input('1') })).toMatchObject({ code: 0 });
    const { done } = await heldThenApproved(['apply', '--server-side', '-f', '-'], input('2'), name);
    expect(done).toMatchObject({ code: 0 });
    expect(await holdsAbout(name)).toHaveLength(1);
  }, 60_000);

  test('having somebody else’s pipeline own a field is a change, though no value changes', async () => {
    const name = 'owned';
    await stack.kubectl('admin', ['create', 'configmap', name, '-n', 'prod', '--from-literal=a=1']);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(name), data: { a: '1' } };
    const args = ['apply', '--server-side', '--field-manager=pipeline', '--force-conflicts', '-f', '-'];
    const running = stack.kubectlStart('agent', args, { input: JSON.stringify(object) });
    const hold = await eventually('a hold', () => pendingHold(stack, name));
    const [asked] = await holdsAbout(name);
    expect(asked?.spec.change).toEqual({
      type: 'Update',
      patch: [],
      ownership: [{ manager: 'pipeline', fields: ['f:data f:a'] }],
    });
    await stack.approvals('approver', ['deny', hold]);
    expect((await running.finished).code).not.toBe(0);
  }, 60_000);

  test('a Secret: the approver sees that a value changes, and not which', async () => {
    const value = 'not-for-anybodys-eyes';
    const args = ['create', 'secret', 'generic', 'held-secret', '-n', 'prod', `--from-literal=key=${value}`];
    const { hold, done } = await heldThenApproved(args, undefined, 'held-secret');
    expect(done).toMatchObject({ code: 0 });
    const shown = await stack.approvals('approver', ['show', hold, '-o', 'json']);
    expect(shown.stdout).toContain('held-secret');
    expect(shown.stdout).not.toContain(value);
    expect(shown.stdout).not.toContain(Buffer.from(value).toString('base64'));
    const stored = ['get', 'secret', 'held-secret', '-n', 'prod', '-o', 'jsonpath={.data.key}'];
    expect((await stack.kubectl('admin', stored)).stdout).toBe(Buffer.from(value).toString('base64'));
  }, 60_000);

  test('deciding by kubectl annotate works for an approver, and for nobody else', async () => {
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'annotated', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'annotated'));
    const annotate = ['annotate', 'hold', hold, 'holdpoint.dev/decision=approve', 'holdpoint.dev/reason=by hand'];
    for (const user of ['agent-direct', 'person', 'admin'] as const) {
      expect((await stack.kubectl(user, annotate)).code).not.toBe(0);
    }
    expect(await stack.kubectl('second-approver', annotate)).toMatchObject({ code: 0 });
    expect(await running.finished).toMatchObject({ code: 0 });
    const [decided] = await holdsAbout('annotated');
    expect(decided?.status?.decisions.map(({ by, verdict, reason }) => ({ by, verdict, reason }))).toEqual([
      { by: 'bob', verdict: 'approve', reason: 'by hand' },
    ]);
    expect(decided?.metadata.annotations ?? {}).not.toHaveProperty(['holdpoint.dev/decision']);
  }, 60_000);

  test('a hold cannot be forged, decided by writing its status, or changed: not even by an admin', async () => {
    const running = stack.kubectlStart('agent', ['create', 'configmap', 'forged', '-n', 'prod']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'forged'));
    const whole = await stack.kubectl('admin', ['get', 'hold', hold, '-o', 'json']);
    const patches = [
      { status: { phase: 'Approved', decisions: [] } },
      { spec: { minApprovals: 9 } },
      { spec: { approvers: [{ kind: 'Group', name: 'ai-agents' }] } },
    ];
    for (const patch of patches) {
      const args = ['patch', 'hold', hold, '--type', 'merge', '-p', JSON.stringify(patch)];
      for (const user of ['agent-direct', 'approver', 'admin'] as const) {
        expect((await stack.kubectl(user, args)).code).not.toBe(0);
      }
    }
    const copy = JSON.stringify({ ...(JSON.parse(whole.stdout) as object), metadata: { name: 'h-forged' } });
    expect((await stack.kubectl('admin', ['create', '-f', '-'], { input: copy })).code).not.toBe(0);
    expect(await pendingHold(stack, 'forged')).toBe(hold);
    await stack.approvals('approver', ['deny', hold]);
    expect((await running.finished).code).not.toBe(0);
  }, 60_000);

  test('a dry run creates no hold, and says what would happen', async () => {
    const args = ['create', 'configmap', 'only-asked', '-n', 'prod', '--dry-run=server'];
    const answer = await stack.kubectl('agent', args);
    expect(answer.code).toBe(0);
    expect(answer.stderr).toContain('would be held for approval');
    expect(await holdsAbout('only-asked')).toEqual([]);
  });
});

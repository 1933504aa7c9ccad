import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hold } from '@holdpoint/core';
import { pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { requestJson, type JsonAnswer } from '../src/request-json.ts';

const atOnce = 50;

/** Two replicas, and fifty identical requests at once: one approval lets one through. */
describe('one approval, many requests, two replicas', () => {
  let stack: Stack;
  let agentToken: string;
  beforeAll(async () => {
    stack = await startScenario({ webhookReplicas: 2 });
    agentToken = await stack.token('agent');
  }, 240_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const holdsAbout = async (matches: (hold: Hold) => boolean): Promise<Hold[]> => {
    const { stdout } = await stack.kubectl('admin', ['get', 'holds', '-o', 'json']);
    return (JSON.parse(stdout) as { items: Hold[] }).items.filter(matches);
  };
  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<JsonAnswer> =>
    requestJson(`${stack.urls.apiServer}${path}`, {
      method: 'POST',
      caFile: stack.caFile,
      headers: { authorization: `Bearer ${agentToken}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const podTemplate = { spec: { containers: [{ name: 'c', image: 'registry.example/c:1' }], restartPolicy: 'Never' } };

  test('fifty that ask at once meet on one hold; approved, one of fifty passes', async () => {
    const create = () =>
      post('/api/v1/namespaces/prod/pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { generateName: 'raced-', namespace: 'prod' },
        ...podTemplate,
      });
    const isAsked = (hold: Hold): boolean => hold.spec.request.resource.resource === 'pods';
    const first = await Promise.all(Array.from({ length: atOnce }, create));
    expect(first.filter((answer) => answer.code !== 429)).toEqual([]);
    const holds = await holdsAbout(isAsked);
    expect(holds.map((hold) => hold.status?.phase)).toEqual(['Pending']);

    const [hold] = holds;
    expect(await stack.approvals('approver', ['approve', hold?.metadata.name ?? ''])).toMatchObject({ code: 0 });
    const second = await Promise.all(Array.from({ length: atOnce }, create));
    expect(second.filter((answer) => answer.code === 201)).toHaveLength(1);
    const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-o', 'name']);
    expect(pods.stdout.split('\n').filter((line) => line.includes('raced-'))).toHaveLength(1);
    const after = await holdsAbout(isAsked);
    expect(after.map((each) => each.status?.phase).sort()).toEqual(['Pending', 'Used']);
  }, 120_000);

  test('through the proxy, fifty clients that all wait: one is let through by the approval, the others wait on', async () => {
    const proxy = stack.service('proxy').url;
    const outcomes: number[] = [];
    const aborted = Array.from({ length: atOnce }, () =>
      requestJson(`${proxy}/api/v1/namespaces/prod/configmaps`, {
        method: 'POST',
        caFile: stack.caFile,
        headers: { authorization: `Bearer ${agentToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'waited-' } }),
      }).then((answer) => void outcomes.push(answer.code)),
    );
    const isAsked = (hold: Hold): boolean =>
      hold.spec.request.resource.resource === 'configmaps' && hold.spec.request.name === undefined;
    const hold = await eventually('a hold', async () => (await holdsAbout(isAsked))[0]?.metadata.name);
    await stack.approvals('approver', ['approve', hold]);
    await eventually('one has passed', async () => (outcomes.includes(201) ? true : undefined));
    const next = await eventually(
      'the others ask anew',
      async () => (await holdsAbout(isAsked)).find((each) => each.status?.phase === 'Pending')?.metadata.name,
    );
    await stack.approvals('approver', ['deny', next, '--reason', 'once is enough']);
    await Promise.all(aborted);
    expect(outcomes.filter((code) => code === 201)).toHaveLength(1);
    expect(outcomes.filter((code) => code === 403)).toHaveLength(atOnce - 1);
    const made = await stack.kubectl('admin', ['get', 'configmaps', '-n', 'prod', '-o', 'name']);
    expect(made.stdout.split('\n').filter((line) => line.includes('waited-'))).toHaveLength(1);
  }, 120_000);

  test('two approvers at once, where two are asked: both count, and nobody twice', async () => {
    const policy = {
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'four-eyes' },
      spec: {
        subjects: [{ kind: 'User', name: 'coding-agent' }],
        defaultAction: 'Allow',
        rules: [
          {
            name: 'two-people',
            action: 'Hold',
            resourceRules: [{ apiGroups: [''], resources: ['services'], operations: ['CREATE'] }],
            hold: { approvers: [{ kind: 'Group', name: 'sre' }], minApprovals: 2 },
          },
        ],
      },
    };
    expect(await stack.kubectl('admin', ['apply', '-f', '-'], { input: JSON.stringify(policy) })).toMatchObject({
      code: 0,
    });
    const enforced = ['wait', '--for=condition=Enforced', 'accesspolicy/four-eyes', '--timeout=30s'];
    expect(await stack.kubectl('admin', enforced)).toMatchObject({ code: 0 });
    const args = ['create', 'service', 'clusterip', 'quorum', '--tcp=80', '-n', 'prod'];
    const running = stack.kubectlStart('agent', args);
    const hold = await eventually('a hold', () => pendingHold(stack, 'quorum'));
    expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    const again = await stack.approvals('approver', ['approve', hold]);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('they have decided it already');
    expect(running.ended()).toBe(false);
    expect(await stack.approvals('second-approver', ['approve', hold])).toMatchObject({ code: 0 });
    expect(await running.finished).toMatchObject({ code: 0 });
  }, 60_000);

  test('a flood of different requests at once: no more than maxPending holds, one replica’s share of a race aside', async () => {
    const before = (await holdsAbout((hold) => hold.status?.phase === 'Pending')).length;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        post('/api/v1/namespaces/prod/configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `flood-${String(i)}` },
        }),
      ),
    );
    expect(answers.filter((answer) => answer.code === 403).length).toBeGreaterThanOrEqual(60);
    expect(JSON.stringify(answers.find((answer) => answer.code === 403)?.body)).toContain('are pending already');
    const pending = (await holdsAbout((hold) => hold.status?.phase === 'Pending')).length;
    expect(pending - before).toBeLessThanOrEqual(40);
    const after = await post('/api/v1/namespaces/prod/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'one-more' },
    });
    expect(after.code).toBe(403);
  }, 60_000);
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Grant, Hold } from '@holdpoint/core';
import { pendingHold, startScenario, type Stack, type User } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

/** A permission with an end: given by an approver, or asked for; and over when it is over. */
describe('a grant', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const scope = { policy: 'coding-agents', rule: 'production-writes' };
  const subject = { username: 'coding-agent' };
  const create = (user: User, name: string, spec: object, more: object = {}) =>
    stack.kubectl(user, ['create', '-f', '-'], { input: grantOf(name, spec, more) });
  const grantOf = (name: string, spec: object, more: object = {}): string =>
    JSON.stringify({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'Grant',
      metadata: { name },
      spec: { subject, scope, duration: '10m', ...spec },
      ...more,
    });
  const read = async (name: string): Promise<Grant> =>
    JSON.parse((await stack.kubectl('admin', ['get', 'grant', name, '-o', 'json'])).stdout) as Grant;
  const revoke = (user: User, name: string) =>
    stack.kubectl(user, ['annotate', 'grant', name, 'holdpoint.dev/decision=revoke', 'holdpoint.dev/reason=enough']);
  /** Asks once, straight at the API server, without waiting for anybody. */
  const write = async (args: string[], user: User = 'agent-direct') => {
    const running = stack.kubectlStart(user, args, { timeoutMs: 20_000 });
    const ended = await Promise.race([running.finished, sleep(2_500, undefined, { ref: false })]);
    if (ended !== undefined) return ended;
    running.kill();
    await running.finished;
    return 'held' as const;
  };
  const configMap = (name: string) => ['create', 'configmap', name, '-n', 'prod'];

  test('given by an approver: what its rule holds passes, and says so; revoked: the very next request is held', async () => {
    expect(await create('approver', 'given', {})).toMatchObject({ code: 0 });
    expect((await read('given')).status).toMatchObject({ phase: 'Active', grantedBy: 'alice', uses: 0 });
    const passed = await write(configMap('under-grant'));
    expect(passed).toMatchObject({ code: 0 });
    expect(passed === 'held' ? '' : passed.stderr).toContain('passed without asking, by grant given');
    expect(await revoke('second-approver', 'given')).toMatchObject({ code: 0 });
    expect((await read('given')).status).toMatchObject({ phase: 'Revoked', revoked: { by: 'bob', reason: 'enough' } });
    expect(await write(configMap('after-revocation'))).toBe('held');
  }, 60_000);

  test('asked for by the agent: held, with its scope shown; once approved, its writes pass', async () => {
    const asking = stack.kubectlStart('agent', ['create', '-f', '-'], {
      input: grantOf('asked', { scope: { ...scope, namespaces: ['prod'] }, maxUses: 5, reason: 'a release' }),
    });
    const hold = await eventually('a hold about the grant', () => pendingHold(stack, 'asked'));
    const shown = await stack.approvals('approver', ['show', hold, '-o', 'json']);
    expect((JSON.parse(shown.stdout) as Hold).spec).toMatchObject({
      policy: scope.policy,
      rule: scope.rule,
      change: { object: { spec: { scope: { ...scope, namespaces: ['prod'] }, maxUses: 5 } } },
    });
    expect(await write(configMap('too-early'))).toBe('held');
    expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
    expect(await asking.finished).toMatchObject({ code: 0 });
    const granted = await read('asked');
    expect(granted.status).toMatchObject({ phase: 'Active' });
    const whole = await stack.kubectl('admin', ['get', 'hold', hold, '-o', 'jsonpath={.spec.digest}']);
    expect(granted.status?.digest).toBe(whole.stdout);
    expect(await write(configMap('as-asked'))).toMatchObject({ code: 0 });
    expect((await read('asked')).status?.uses).toBe(1);
    await revoke('approver', 'asked');
  }, 60_000);

  test.each<{ situation: string; user: User; spec: object; more?: object; want: string }>([
    { situation: 'by somebody who is no approver', user: 'admin', spec: {}, want: 'not among the approvers' },
    {
      situation: 'to oneself',
      user: 'approver',
      spec: { subject: { username: 'alice' } },
      want: 'nobody gives themselves a permission',
    },
    {
      situation: 'of a rule that denies',
      user: 'approver',
      spec: { scope: { ...scope, rule: 'never-delete-namespaces' } },
      want: 'only a rule that holds can be granted',
    },
    {
      situation: 'of a rule that does not exist',
      user: 'approver',
      spec: { scope: { ...scope, rule: 'nope' } },
      want: 'has no rule "nope"',
    },
    { situation: 'for longer than a day', user: 'approver', spec: { duration: '25h' }, want: 'longer than 24h' },
    {
      situation: 'of roles, which would outlive it',
      user: 'approver',
      spec: {
        scope: {
          ...scope,
          resourceRules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], operations: ['*'] }],
        },
      },
      want: 'never covers what would outlive it',
    },
    {
      situation: 'asked for by the agent for somebody else',
      user: 'agent-direct',
      spec: { subject: { username: 'carol' } },
      want: 'ask for yourself',
    },
  ])('$situation: refused, with the reason', async ({ user, spec, want }) => {
    const answer = await create(user, 'refused', spec);
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain(want);
    expect((await stack.kubectl('admin', ['get', 'grant', 'refused', '--ignore-not-found'])).stdout).toBe('');
  });

  test('an approver whom an admin impersonates gives nothing, and decides nothing', async () => {
    const as = ['--as=alice', '--as-group=sre', '--as-group=system:authenticated'];
    const given = await stack.kubectl('admin', ['create', '-f', '-', ...as], { input: grantOf('impersonated', {}) });
    expect(given).toMatchObject({ code: 1 });
    expect(given.stderr).toContain('nothing shows whose credential this is');
  });

  test('a status of one’s own making counts for nothing: it is written anew', async () => {
    const status = {
      phase: 'Active',
      grantedBy: 'root',
      grantedAt: '2020-01-01T00:00:00Z',
      expiresAt: '2099-01-01T00:00:00Z',
      uses: 0,
      seal: 'x',
    };
    expect(await create('approver', 'forged', { duration: '1m' }, { status })).toMatchObject({ code: 0 });
    const { status: stamped } = await read('forged');
    expect(stamped).toMatchObject({ grantedBy: 'alice' });
    expect(stamped?.expiresAt).not.toContain('2099');
    const patch = JSON.stringify({ status: { expiresAt: status.expiresAt } });
    for (const user of ['agent-direct', 'approver', 'admin'] as const) {
      const answer = await stack.kubectl(user, ['patch', 'grant', 'forged', '--type=merge', '-p', patch]);
      expect(answer.code).not.toBe(0);
    }
    await revoke('approver', 'forged');
  });

  test('used up: with maxUses 2, two of ten at once pass', async () => {
    expect(await create('approver', 'twice', { maxUses: 2 })).toMatchObject({ code: 0 });
    const names = Array.from({ length: 10 }, (_, i) => `at-once-${String(i)}`);
    const running = names.map((name) => stack.kubectlStart('agent-direct', configMap(name), { timeoutMs: 20_000 }));
    await eventually('two have passed', async () =>
      running.filter((each) => each.ended()).length >= 2 ? true : undefined,
    );
    await sleep(2_000);
    for (const each of running) each.kill();
    await Promise.all(running.map((each) => each.finished));
    const made = await stack.kubectl('admin', ['get', 'configmaps', '-n', 'prod', '-o', 'name']);
    expect(made.stdout.split('\n').filter((line) => line.includes('at-once-'))).toHaveLength(2);
    expect((await read('twice')).status).toMatchObject({ phase: 'UsedUp', uses: 2 });
  }, 60_000);

  test('over: after its time the next request is held', async () => {
    expect(await create('approver', 'short', { duration: '4s' })).toMatchObject({ code: 0 });
    expect(await write(configMap('in-time'))).toMatchObject({ code: 0 });
    await sleep(4_000);
    expect(await write(configMap('too-late'))).toBe('held');
  }, 30_000);

  test('a whole collection is deleted under a grant, and not without; Deny rules still win', async () => {
    const args = ['delete', 'configmaps', '-n', 'prod', '-l', 'batch=yes'];
    const raw = ['delete', '--raw', '/api/v1/namespaces/prod/configmaps?labelSelector=batch%3Dyes'];
    for (const name of ['batch-1', 'batch-2']) {
      await stack.kubectl('admin', configMap(name));
      await stack.kubectl('admin', ['label', 'configmap', name, '-n', 'prod', 'batch=yes']);
    }
    const refused = await stack.kubectl('agent-direct', raw);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('Delete the objects by name, or ask for a Grant');
    expect(await create('approver', 'collection', {})).toMatchObject({ code: 0 });
    expect(await stack.kubectl('agent-direct', raw)).toMatchObject({ code: 0 });
    expect((await stack.kubectl('admin', ['get', ...args.slice(1)])).stdout).toBe('');
    const namespace = await stack.kubectl('agent-direct', ['delete', 'namespace', 'prod']);
    expect(namespace.stderr).toContain('Ask in #platform.');
    await revoke('approver', 'collection');
  }, 60_000);

  test('what outlives a grant is not covered by one', async () => {
    expect(await create('approver', 'wide', {})).toMatchObject({ code: 0 });
    await stack.kubectl('admin', [
      ...['create', 'clusterrolebinding', 'agents-are-mighty', '--clusterrole=cluster-admin', '--group=ai-agents'],
    ]);
    const binding = ['create', 'rolebinding', 'kept', '--clusterrole=admin', '--user=coding-agent', '-n', 'prod'];
    for (const args of [binding, ['create', 'token', 'default', '-n', 'prod']]) {
      const answer = await stack.kubectl('agent-direct', args);
      expect(answer.code).not.toBe(0);
      expect(answer.stderr).toContain('refused unless a rule names it');
    }
    await revoke('approver', 'wide');
  }, 30_000);
});

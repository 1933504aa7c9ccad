import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, pendingHold, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { deployers, makeAgentReadOnly } from '../src/read-only-agent.ts';
import { chart } from './clients/client.ts';
import { decideWhile } from './clients/run-and-decide.ts';

interface Call {
  verb: string;
  code: number;
  /** 1 or 0. */
  elevated: number;
  /** What the webhook's own annotation says. */
  said: string;
}

/** Many commands one after the other, each of which takes seconds on a machine under load. */
const slowMs = 300_000;

/** An agent that may only look: one approved change gets the permission that it needs, and nothing after it has it. */
describe('just-in-time permission', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
    // As long as a person takes here, and longer: a machine under load is slow to decide.
    const patient = [
      'patch',
      'accesspolicy',
      'coding-agents',
      '--type=merge',
      '-p',
      '{"spec":{"hold":{"pauseFor":"10m"}}}',
    ];
    expect(await stack.kubectl('admin', patient)).toMatchObject({ code: 0 });
    await makeAgentReadOnly(stack);
  }, slowMs);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const seen = async (path: string, ...args: string[]): Promise<string> =>
    (await stack.kubectl('admin', ['get', ...args, '--ignore-not-found', '-o', `jsonpath=${path}`])).stdout;
  const replicas = (): Promise<string> => seen('{.spec.replicas}', 'deployment', 'web', '-n', 'prod');
  const scale = (to: number): string[] => ['scale', 'deployment/web', '-n', 'prod', `--replicas=${String(to)}`];
  /** Runs as the agent, and approves whatever it is asked for about `name`. */
  const approved = async (name: string, args: string[], input?: string) => {
    const running = stack.kubectlStart('agent', args, {
      timeoutMs: 240_000,
      ...(input === undefined ? {} : { input }),
    });
    const holds = await decideWhile(running, stack, name, () => ({ verdict: 'approve' }));
    return { ...(await running.finished), holds };
  };
  const calls = async (where: string): Promise<Call[]> => {
    const statement =
      `SELECT verb, code, has(groups, '${deployers}') AS elevated, ` +
      `annotations['judge.holdpoint.dev/elevated'] AS said FROM audit_events ` +
      `WHERE source = 'apiserver' AND username = 'coding-agent' AND stage = 'ResponseComplete' AND ${where} ORDER BY event_time`;
    const { stdout, code, stderr } = await stack.approvals('approver', ['sql', statement, '--format', 'JSONEachRow']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  };

  test(
    'past the proxy the agent may look, and change nothing',
    async () => {
      expect((await stack.kubectl('agent-direct', ['get', 'deployments', '-n', 'prod'])).code).toBe(0);
      const canI = ['auth', 'can-i', 'patch', 'deployments/scale', '-n', 'prod'];
      expect((await stack.kubectl('agent-direct', canI)).stdout).toBe('no\n');
      // Through the proxy too: what an approval would add is not what it may do.
      expect((await stack.kubectl('agent', canI)).stdout).toBe('no\n');
      const refused = await stack.kubectl('agent-direct', scale(12));
      expect(refused.stderr).toContain('User "coding-agent" cannot patch resource "deployments/scale"');
      expect(await replicas()).toBe('2');
    },
    slowMs,
  );

  test(
    'one approved change goes through, and the approver was told of the permission; nothing after it has it',
    async () => {
      const running = stack.kubectlStart('agent', scale(12), { timeoutMs: 240_000 });
      const hold = await eventually('a hold', () => pendingHold(stack, 'web'), 120_000);
      const shown = await stack.approvals('approver', ['show', hold]);
      expect(shown.stdout).toMatch(/Elevates to: +holdpoint:deployer, for this one request/);
      expect(shown.stdout).toMatch(/Who: +coding-agent \(ai-agents, system:authenticated\)/);
      expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
      expect(await running.finished).toMatchObject({ code: 0 });
      expect(await replicas()).toBe('12');

      expect((await stack.kubectl('agent-direct', scale(13))).stderr).toContain('cannot patch resource');
      const again = stack.kubectlStart('agent', scale(13), { timeoutMs: 240_000 });
      const next = await eventually('another hold', () => pendingHold(stack, 'web'), 120_000);
      expect(next).not.toBe(hold);
      expect(await stack.approvals('approver', ['deny', next, '--reason', 'enough'])).toMatchObject({ code: 0 });
      const denied = await again.finished;
      expect(denied.code).not.toBe(0);
      expect(denied.stderr).toContain('was denied by alice: enough');
      expect(await replicas()).toBe('12');
    },
    slowMs,
  );

  test(
    'by the API server’s own events exactly one request that succeeded had the group, and no read ever',
    async () => {
      const ofScale = `resource = 'deployments' AND subresource = 'scale' AND verb = 'patch'`;
      const all = await eventually(
        'the events',
        async () => {
          const found = await calls(ofScale);
          return found.some(({ code }) => code === 200) && found.filter(({ code }) => code === 429).length >= 2
            ? found
            : undefined;
        },
        120_000,
      );
      expect(all.filter(({ code }) => code < 400)).toEqual([
        { verb: 'patch', code: 200, elevated: 1, said: deployers },
      ]);
      expect(all.filter(({ elevated }) => elevated === 0).map(({ code }) => code)).not.toContain(200);
      expect(await calls(`has(groups, '${deployers}') AND verb IN ('get', 'list', 'watch')`)).toEqual([]);
      expect(await calls(`has(groups, '${deployers}') AND resource NOT IN ('deployments')`)).toEqual([]);
    },
    slowMs,
  );

  test(
    'where the rule that decides lends nothing, RBAC has the last word',
    async () => {
      const before = await replicas();
      // Scaling a little is allowed by a rule that elevates to nothing.
      const answer = await stack.kubectl('agent', scale(3));
      expect(answer.code).not.toBe(0);
      expect(answer.stderr).toContain('User "coding-agent" cannot patch resource "deployments/scale"');
      expect(await replicas()).toBe(before);
    },
    slowMs,
  );

  test(
    'a rule that allows may lend it too: in development nobody is asked',
    async () => {
      expect(await stack.kubectl('agent', ['create', 'configmap', 'free', '-n', 'dev'])).toMatchObject({ code: 0 });
      expect(await seen('{.metadata.name}', 'configmap', 'free', '-n', 'dev')).toBe('free');
      const direct = await stack.kubectl('agent-direct', ['create', 'configmap', 'taken', '-n', 'dev']);
      expect(direct.stderr).toContain('cannot create resource "configmaps"');
    },
    slowMs,
  );

  test(
    'a terminal: lent what it needs by a rule for terminals, and recorded as ever',
    async () => {
      const pods = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
      const exec = ['exec', '-n', 'prod', pods.stdout.split('\n')[0] ?? '', '--', 'echo', 'hello'];
      expect(await stack.kubectl('agent', exec)).toMatchObject({ code: 0, stdout: 'hello\n' });
      const direct = await stack.kubectl('agent-direct', exec);
      expect(direct.stderr).toContain('resource "pods/exec"');
      expect(direct.stdout).toBe('');
    },
    slowMs,
  );

  const settings = (value: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'prod' },
      data: { key: value },
    });
  const setting = (): Promise<string> => seen('{.data.key}', 'configmap', 'settings', '-n', 'prod');
  test.each([
    { command: 'apply, of what is new', args: ['apply', '-f', '-'], input: settings('a'), want: 'a' },
    { command: 'apply, of a change', args: ['apply', '-f', '-'], input: settings('b'), want: 'b' },
    {
      command: 'apply --server-side',
      args: ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      input: settings('c'),
      want: 'c',
    },
    { command: 'replace', args: ['replace', '-f', '-'], input: settings('d'), want: 'd' },
    { command: 'delete', args: ['delete', 'configmap', 'settings', '-n', 'prod'], input: undefined, want: '' },
  ])(
    '$command: approved, and done',
    async ({ args, input, want }) => {
      const { code, stderr, holds } = await approved('settings', args, input);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(holds.length).toBeGreaterThan(0);
      expect(await setting()).toBe(want);
    },
    slowMs,
  );

  test(
    'diff and a dry run: what the agent may read it may try, and nothing comes of it',
    async () => {
      const before = await replicas();
      const dry = await stack.kubectl('agent', [...scale(20), '--dry-run=server']);
      expect(dry).toMatchObject({ code: 0 });
      expect(dry.stderr).toContain('would be held for approval');
      expect(await replicas()).toBe(before);

      const create = ['create', 'configmap', 'settings', '-n', 'prod', '--from-literal=key=now'];
      expect(await stack.kubectl('admin', create)).toMatchObject({ code: 0 });
      const diff = await stack.kubectl('agent', ['diff', '-f', '-'], { input: settings('then') });
      expect(diff.code).toBe(1);
      expect(diff.stdout).toMatch(/^-\s+key: now\n\+\s+key: then$/m);
      expect(await setting()).toBe('now');
    },
    slowMs,
  );

  test(
    'an eviction: refused with its hold, and done when it is asked for again',
    async () => {
      const { stdout } = await stack.kubectl('admin', ['get', 'pods', '-n', 'prod', '-l', 'app=web', '-o', 'name']);
      const pod = (stdout.split('\n')[0] ?? '').replace('pod/', '');
      const metadata = { name: pod, namespace: 'prod' };
      const input = JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata });
      const evict = () =>
        stack.kubectl('agent', ['create', '--raw', `/api/v1/namespaces/prod/pods/${pod}/eviction`, '-f', '-'], {
          input,
        });
      const uid = (): Promise<string> => seen('{.metadata.uid}', 'pod', pod, '-n', 'prod');
      const before = await uid();
      expect((await evict()).stderr).toContain('held for approval');
      const hold = await eventually('a hold', () => pendingHold(stack, pod), 120_000);
      expect(await uid()).toBe(before);
      expect(await stack.approvals('approver', ['approve', hold])).toMatchObject({ code: 0 });
      expect(await evict()).toMatchObject({ code: 0 });
      await eventually('the pod is gone', async () => ((await uid()) === before ? undefined : true), 120_000);
    },
    slowMs,
  );

  test(
    'the manifests of the how-to are taken as they stand',
    async () => {
      const text = readFileSync(inRepository('docs', 'howto', 'just-in-time.md'), 'utf8');
      const blocks = [...text.matchAll(/^ *```yaml\n(.*?)^ *```$/gms)].map(([, block = '']) =>
        block.replace(/^ {3}/gm, ''),
      );
      expect(blocks).toHaveLength(3);
      const args = ['apply', '--dry-run=server', '-f', '-'];
      const { code, stderr } = await stack.kubectl('admin', args, { input: blocks.join('---\n') });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
    slowMs,
  );

  test(
    'a rule that elevates to a group of the cluster’s own is refused, with its place',
    async () => {
      const rule = { name: 'r', action: 'Hold', elevate: { groups: ['system:masters'] } };
      const patch = {
        spec: { rules: [{ ...rule, resourceRules: [{ apiGroups: ['apps'], resources: ['*'], operations: ['*'] }] }] },
      };
      const args = ['patch', 'accesspolicy', 'coding-agents', '--type=merge', '-p', JSON.stringify(patch)];
      const { code, stderr } = await stack.kubectl('admin', args);
      expect(code).not.toBe(0);
      expect(stderr).toContain('spec.rules[0].elevate.groups[0]: "system:masters" must begin with "holdpoint:"');
    },
    slowMs,
  );

  test(
    'helm upgrade under a grant: every write of it, and none that the grant does not cover',
    async () => {
      const give = ['grant', 'coding-agent', '--rule', 'coding-agents/production-writes', '--for', '10m'];
      expect(await stack.approvals('approver', give)).toMatchObject({ code: 0 });
      const env = { HELM_DRIVER: 'configmap' };
      const upgrade = ['upgrade', '--install', 'shop', chart, '-n', 'prod'];
      for (const more of [[], ['--set', 'greeting=welcome']]) {
        const { code, stderr } = await stack.start('helm', 'agent', [...upgrade, ...more], { env, timeoutMs: 240_000 })
          .finished;
        expect({ code, stderr }).toMatchObject({ code: 0 });
      }
      expect(await seen('{.data.greeting}', 'configmap', 'shop', '-n', 'prod')).toBe('welcome');
      // The grant is for that rule: outside it the same permission is nobody's.
      const outside = await stack.kubectl('agent', ['create', 'configmap', 'elsewhere', '-n', 'default']);
      expect(outside.stderr).toContain('cannot create resource "configmaps"');
    },
    slowMs,
  );
});

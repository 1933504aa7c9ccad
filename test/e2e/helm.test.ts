import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { chart } from './clients/client.ts';
import { decideWhile, holdsAbout } from './clients/run-and-decide.ts';

/** helm beyond a first install: what is held of an upgrade, and what masking does to helm's own records. */
describe('helm', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const upgrade = (name: string, namespace: string, ...more: string[]): string[] => [
    'upgrade',
    '--install',
    name,
    chart,
    '-n',
    namespace,
    ...more,
  ];
  const greetingOf = async (name: string, namespace: string): Promise<string> => {
    const args = ['get', 'configmap', name, '-n', namespace, '--ignore-not-found', '-o', 'jsonpath={.data.greeting}'];
    return (await stack.kubectl('admin', args)).stdout;
  };

  test('an upgrade: a hold for each object that changes, and none for one that does not', async () => {
    expect(await stack.start('helm', 'admin', upgrade('shop', 'prod')).finished).toMatchObject({ code: 0 });
    const args = upgrade('shop', 'prod', '--set', 'greeting=welcome');
    const running = stack.start('helm', 'agent-direct', args, { timeoutMs: 300_000 });
    const asked = await decideWhile(running, stack, 'shop', () => ({ verdict: 'approve' }));
    expect(await running.finished).toMatchObject({ code: 0 });
    const holds = await holdsAbout(stack, 'shop');
    const questions = asked.map((name) => {
      const hold = holds.find((each) => each.metadata.name === name);
      return `${String(hold?.spec.request.operation)} ${String(hold?.spec.request.name)}: ${String(hold?.status?.phase)}`;
    });
    expect(questions).toEqual([
      'CREATE sh.helm.release.v1.shop.v2: Used',
      'UPDATE shop: Used',
      'UPDATE sh.helm.release.v1.shop.v1: Used',
      'UPDATE sh.helm.release.v1.shop.v2: Used',
    ]);
    expect(await greetingOf('shop', 'prod')).toBe('welcome');
  }, 300_000);

  test('the first question denied, which is helm’s own record: nothing is written', async () => {
    const running = stack.start('helm', 'agent', upgrade('unwanted', 'prod'));
    await decideWhile(running, stack, 'unwanted', () => ({ verdict: 'deny', reason: 'not this one' }));
    const { code, stderr } = await running.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: .*hold h-\S+ was denied by alice: not this one\n$/);
    const all = ['get', 'configmaps,deployments,secrets', '-n', 'prod', '-o', 'name'];
    expect((await stack.kubectl('admin', all)).stdout).not.toContain('unwanted');
  }, 120_000);

  test('denied, and the note that it failed denied too: the release stays pending-install', async () => {
    const running = stack.start('helm', 'agent', upgrade('stuck', 'prod'));
    await decideWhile(running, stack, 'stuck', ({ spec: { request } }) => ({
      verdict: request.operation === 'CREATE' && request.kind === 'Secret' ? 'approve' : 'deny',
    }));
    expect(await running.finished).toMatchObject({ code: 1 });
    const status = await stack.start('helm', 'admin', ['status', 'stuck', '-n', 'prod', '-o', 'json']).finished;
    expect(JSON.parse(status.stdout)).toMatchObject({ info: { status: 'pending-install' } });
    const again = await stack.start('helm', 'admin', upgrade('stuck', 'prod')).finished;
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('another operation (install/upgrade/rollback) is in progress');
  }, 120_000);

  test.each([
    {
      situation: 'upgrade',
      args: upgrade('records', 'dev', '--set', 'greeting=welcome'),
      want: 'Error: UPGRADE FAILED: no revision for release "records"\n',
    },
    {
      situation: 'status',
      args: ['status', 'records', '-n', 'dev'],
      want: 'Error: no revision for release "records"\n',
    },
    { situation: 'uninstall', args: ['uninstall', 'records', '-n', 'dev'], want: 'Error: no release provided\n' },
  ])(
    'through the proxy the records of releases are masked: $situation fails, and changes nothing',
    async ({ args, want }) => {
      expect(await stack.start('helm', 'admin', upgrade('records', 'dev')).finished).toMatchObject({ code: 0 });
      expect(await stack.start('helm', 'agent', args).finished).toMatchObject({ code: 1, stderr: want });
      expect(await greetingOf('records', 'dev')).toBe('hello');
    },
    120_000,
  );

  test('through the proxy, with the records in ConfigMaps: upgrade and uninstall work', async () => {
    const env = { HELM_DRIVER: 'configmap' };
    const run = (args: string[]) => stack.start('helm', 'agent', args, { env }).finished;
    expect(await run(upgrade('plain', 'dev'))).toMatchObject({ code: 0 });
    expect(await run(upgrade('plain', 'dev', '--set', 'greeting=welcome'))).toMatchObject({ code: 0 });
    expect(await greetingOf('plain', 'dev')).toBe('welcome');
    expect(await run(['uninstall', 'plain', '-n', 'dev'])).toMatchObject({ code: 0 });
    expect(await greetingOf('plain', 'dev')).toBe('');
  }, 120_000);
});

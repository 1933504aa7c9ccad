import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inRepository, startScenario, type Stack } from '@holdpoint/local';
import { chart } from './clients/client.ts';
import { decideWhile, holdsAbout } from './clients/run-and-decide.ts';

/** A Secret, a ConfigMap, and notes that tell the Secret's value. */
const vault = inRepository('test', 'e2e', 'round-trip', 'chart');

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

  describe.each([
    { how: 'applied by the API server', merge: [], rollback: { code: 0 } },
    // helm sends what it knows of the revision before, and not whose it is: a value that has changed since cannot be restored.
    { how: 'merged by helm itself', merge: ['--server-side=false'], rollback: { code: 1 } },
  ])('through the proxy, with a Secret, $how', ({ merge, rollback }) => {
    const name = merge.length > 0 ? 'vault-merged' : 'vault-applied';
    const first = 'the-first-real-password';
    const second = 'the-second-real-password';
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const helm = (user: 'admin' | 'agent', args: readonly string[]) =>
      stack.start('helm', user, [...args, '-n', 'dev'], { timeoutMs: 120_000 }).finished;
    const upgradeIt = (...more: string[]) => helm('agent', ['upgrade', name, vault, ...merge, ...more]);
    const passwordOf = async (): Promise<string> => {
      const args = ['get', 'secret', name, '-n', 'dev', '-o', 'jsonpath={.data.password}'];
      return Buffer.from((await stack.kubectl('admin', args)).stdout, 'base64').toString();
    };

    test('helm shows no value', async () => {
      const install = ['install', name, vault, ...merge, '--set', `db.password=${first}`];
      expect(await helm('admin', install)).toMatchObject({ code: 0 });
      for (const args of [['list'], ['status', name], ['history', name], ['get', 'all', name]]) {
        const { code, stdout } = await helm('agent', args);
        const shows = stdout.includes(first) || stdout.includes(base64(first));
        expect({ code, shows }).toEqual({ code: 0, shows: false });
      }
    }, 120_000);

    test('an upgrade keeps the value that it was shown masked, and sets the one that it is given', async () => {
      expect(await upgradeIt('--reuse-values', '--set', 'greeting=welcome')).toMatchObject({ code: 0 });
      expect(await passwordOf()).toBe(first);
      expect(await upgradeIt('--set', `db.password=${second}`)).toMatchObject({ code: 0 });
      expect(await passwordOf()).toBe(second);
    }, 120_000);

    test('a rollback restores the value of then, or is refused and leaves it', async () => {
      const rolled = await helm('agent', ['rollback', name, '1', ...merge]);
      expect(rolled).toMatchObject(rollback);
      if (rollback.code === 1) expect(rolled.stderr).toContain('masked value (holdpoint-mask:…) at data.password');
      expect(await passwordOf()).toBe(rollback.code === 0 ? first : second);
    }, 120_000);

    test('the records have the real values, and go with the release', async () => {
      const { stdout } = await helm('admin', ['get', 'all', name, '--revision', '2']);
      expect(stdout).toContain(`password: ${base64(first)}`);
      expect(stdout).toContain(`password: ${first}`);
      for (const revision of ['2', '3', '4']) {
        const record = await helm('admin', ['get', 'all', name, '--revision', revision]);
        expect(record).toMatchObject({ code: 0 });
        // Its description quotes the refusal.
        const told = record.stdout.replaceAll('(holdpoint-mask:…)', '');
        expect(told.includes('holdpoint-mask:') || told.includes(base64('holdpoint-mask:'))).toBe(false);
      }
      expect(await helm('agent', ['uninstall', name])).toMatchObject({ code: 0 });
      const left = ['get', 'secrets,configmaps', '-n', 'dev', '-o', 'name'];
      expect((await stack.kubectl('admin', left)).stdout).not.toContain(name);
    }, 120_000);
  });

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

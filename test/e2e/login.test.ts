import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identities, loginClient, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createPerson } from '../src/person.ts';

/** An agent's and a person's way to a token, with real kubectl, a real issuer, and the proxy. */
describe('approvals login and kubeconfig', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario({ loginTtlSeconds: 20 });
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const loginFlags = (audience = 'holdpoint'): string[] => [
    ...['--issuer', stack.urls.issuer, '--client-id', loginClient.id],
    ...['--audience', audience, '--ca-file', stack.caFile],
  ];
  const passwordOf = (name: string): string => stack.issuer.clients.find(({ id }) => id === name)?.secret ?? '';
  const cacheFolder = (): string => join(stack.dir, '.kube', 'cache', 'holdpoint-login');

  /** Runs a login, and is the person who makes it. */
  const logIn = async (args: readonly string[], name: string = identities.agent.name) => {
    const running = stack.start(join(stack.dir, 'bin', 'approvals'), 'person', ['login', '--no-browser', ...args]);
    const address = await eventually('the address', async () => {
      const shown = /^ {2}(https:\S+)$/m.exec(running.stderr())?.[1];
      if (shown === undefined && running.ended()) throw new Error(running.stderr());
      return shown;
    });
    const person = createPerson(readFileSync(stack.caFile, 'utf8'));
    const { leftFor, page } = await person.visit(new URL(address), { name, password: passwordOf(name) });
    const answer = leftFor === undefined ? page : await (await fetch(leftFor)).text();
    return { ...(await running.finished), answer, leftFor };
  };

  test.each([
    { situation: 'a browser', args: [] },
    { situation: 'a code on another device', args: ['--device'] },
  ])(
    'after a login by $situation, kubectl works through the proxy as that user',
    async ({ args }) => {
      const loggedIn = await logIn([...loginFlags(), '--force', ...args]);
      expect(loggedIn).toMatchObject({ code: 0 });
      expect(loggedIn.stdout).toMatch(
        /^Logged in as coding-agent\. The token lasts until .*, and is renewed by itself\.\n$/,
      );
      const file = join(stack.dir, `kubeconfig-${String(args.length)}`);
      const made = await stack.approvals('person', [
        'kubeconfig',
        ...['--server', stack.service('proxy').url, '--certificate-authority', stack.caFile],
        ...[...loginFlags(), '-n', 'prod', '-o', file],
      ]);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const pods = await stack.kubectl('person', ['get', 'pods', '-o', 'name'], { env: { KUBECONFIG: file } });
      expect(pods).toMatchObject({ code: 0, stderr: '' });
      expect(pods.stdout).toContain('pod/web-');
      const whoAmI = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      expect((await stack.kubectl('person', whoAmI, { env: { KUBECONFIG: file } })).stdout).toBe('coding-agent');
    },
    90_000,
  );

  test('what is kept is for its owner alone', () => {
    const modes = [cacheFolder(), ...readdirSync(cacheFolder()).map((name) => join(cacheFolder(), name))].map(
      (path) => statSync(path).mode & 0o077,
    );
    expect(modes.length).toBeGreaterThan(1);
    expect(new Set(modes)).toEqual(new Set([0]));
  });
});

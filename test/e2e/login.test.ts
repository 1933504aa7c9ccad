import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identities, loginClient, startScenario, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { createPerson } from '../src/person.ts';

/** An agent's and a person's way to a token, with real kubectl, a real issuer, and the proxy. */
describe('approvals login and kubeconfig', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  const loginFlags = (more: readonly string[] = ['--audience', 'holdpoint']): string[] => [
    ...['--issuer', stack.urls.issuer, '--client-id', loginClient.id, '--ca-file', stack.caFile, ...more],
  ];
  const passwordOf = (name: string): string => stack.issuer.clients.find(({ id }) => id === name)?.secret ?? '';
  const cacheFolder = (): string => join(stack.dir, '.kube', 'cache', 'holdpoint-login');
  const kept = (): string[] =>
    readdirSync(cacheFolder())
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(cacheFolder(), name));
  /** How often the issuer has renewed a login. */
  const renewals = (): number =>
    readFileSync(join(stack.dir, 'logs', 'issuer.log'), 'utf8').split('granted refresh_token to').length - 1;
  /** The token is past its end, as far as the CLI knows. */
  const endTokens = (): void => {
    for (const file of kept()) {
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), expiresAt: 1 }));
    }
  };

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
    if (leftFor !== undefined) expect((await fetch(leftFor)).status).toBe(200);
    else expect(page).toContain('Sign-in Success');
    const result = await running.finished;
    const tokens = kept().map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token);
    for (const token of tokens) expect(result.stdout + result.stderr).not.toContain(token);
    return { ...result, leftFor };
  };
  let made = 0;
  const kubeconfigFor = async (user: readonly string[]): Promise<{ KUBECONFIG: string }> => {
    const file = join(stack.dir, `kubeconfig-${String((made += 1))}`);
    const written = await stack.approvals('person', [
      'kubeconfig',
      ...['--server', stack.service('proxy').url, '--certificate-authority', stack.caFile],
      ...[...user, '-n', 'prod', '-o', file],
    ]);
    expect(written).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(statSync(file).mode & 0o077).toBe(0);
    return { KUBECONFIG: file };
  };
  const getPods = ['get', 'pods', '-o', 'name'];

  test('with nobody at a terminal, and nothing kept, kubectl tells what to run', async () => {
    const env = await kubeconfigFor(loginFlags());
    const pods = await stack.kubectl('person', getPods, { env });
    expect(pods).toMatchObject({ code: 1, stdout: '' });
    expect(pods.stderr).toContain(`approvals login --issuer ${stack.urls.issuer} --client-id holdpoint-cli`);
  });

  test.each([
    { situation: 'a browser', args: [] },
    { situation: 'a code on another device', args: ['--device'] },
  ])(
    'after a login by $situation, kubectl works through the proxy as that user',
    async ({ args }) => {
      const loggedIn = await logIn([...loginFlags(), '--force', ...args]);
      expect(loggedIn.code).toBe(0);
      expect(loggedIn.stdout).toMatch(
        /^Logged in as coding-agent, with a token for holdpoint\. It lasts until \S+Z, and is renewed by itself\.\n$/,
      );
      const env = await kubeconfigFor(loginFlags());
      const pods = await stack.kubectl('person', getPods, { env });
      expect(pods).toMatchObject({ code: 0, stderr: '' });
      expect(pods.stdout).toContain('pod/web-');
      const whoAmI = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      expect((await stack.kubectl('person', whoAmI, { env })).stdout).toBe('coding-agent');
      expect(kept().map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
      expect(statSync(cacheFolder()).mode & 0o777).toBe(0o700);
    },
    90_000,
  );

  test('nothing listens once the browser has been there, and a code that comes twice is nobody’s', async () => {
    const { leftFor } = await logIn([...loginFlags(), '--force']);
    await expect(fetch(leftFor ?? '')).rejects.toThrow();
  }, 60_000);

  test('two kubectl at once, after the token’s end: both work, by one renewal', async () => {
    const env = await kubeconfigFor(loginFlags());
    endTokens();
    const before = renewals();
    const both = await Promise.all([
      stack.kubectl('person', getPods, { env }),
      stack.kubectl('person', getPods, { env }),
    ]);
    expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(renewals() - before).toBe(1);
    endTokens();
    expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0 });
    expect(renewals() - before).toBe(2);
  }, 60_000);

  test('what is kept and damaged, or open to others, is as if it were not there', async () => {
    const env = await kubeconfigFor(loginFlags());
    for (const file of kept()) writeFileSync(file, '{"format":1,"token":');
    const pods = await stack.kubectl('person', getPods, { env });
    expect(pods.stderr).toContain('nobody at a terminal to log in');
    expect(await logIn(loginFlags())).toMatchObject({ code: 0 });
    expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0 });
  }, 60_000);

  test('a token for another audience is not handed on; one for the client alone is refused by the proxy', async () => {
    const other = await logIn(loginFlags(['--audience', 'elsewhere']));
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('the issuer gave a token for holdpoint, not for the audience elsewhere');
    expect(await logIn(loginFlags([]))).toMatchObject({ code: 0 });
    const refused = await stack.kubectl('person', getPods, { env: await kubeconfigFor(loginFlags([])) });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('You must be logged in to the server');
  }, 60_000);

  test.each([
    { situation: 'in a file', user: (file: string) => ['--token-file', file] },
    { situation: 'in a variable', user: () => ['--token-env', 'PIPELINE_TOKEN'] },
  ])(
    'a pipeline’s token $situation works, and the next one after it',
    async ({ user }) => {
      const file = join(stack.dir, 'pipeline.token');
      const first = await stack.token('agent');
      writeFileSync(file, first, { mode: 0o600 });
      const env = await kubeconfigFor(user(file));
      expect(readFileSync(env.KUBECONFIG, 'utf8')).not.toContain(first);
      for (const token of [first, await stack.token('agent')]) {
        writeFileSync(file, token);
        const pods = await stack.kubectl('person', getPods, { env: { ...env, PIPELINE_TOKEN: token } });
        expect(pods).toMatchObject({ code: 0, stderr: '' });
      }
    },
    60_000,
  );

  test('a kubeconfig of somebody’s own: ours is added, theirs stands and stays current', async () => {
    const file = join(stack.dir, 'own-kubeconfig');
    writeFileSync(file, readFileSync(stack.kubeconfig('person')));
    const args = ['kubeconfig', '--server', stack.service('proxy').url, '--certificate-authority', stack.caFile];
    const added = await stack.approvals('person', [
      ...args,
      ...loginFlags(),
      '--name',
      'held',
      '-n',
      'prod',
      '-o',
      file,
    ]);
    expect(added.code).toBe(0);
    const env = { KUBECONFIG: file };
    expect((await stack.kubectl('person', ['config', 'current-context'], { env })).stdout.trim()).toBe('person');
    const whoAmI = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
    expect((await stack.kubectl('person', whoAmI, { env })).stdout).toBe('carol');
    expect((await stack.kubectl('person', ['--context', 'held', ...whoAmI], { env })).stdout).toBe('coding-agent');
  }, 60_000);

  test('an issuer that is down: a token that is kept works on, and a renewal says who does not answer', async () => {
    const env = await kubeconfigFor(loginFlags());
    await stack.issuer.child.stop();
    expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0 });
    endTokens();
    const pods = await stack.kubectl('person', getPods, { env });
    expect(pods).toMatchObject({ code: 1, stdout: '' });
    expect(pods.stderr).toContain(`the issuer ${stack.urls.issuer}/ does not answer`);
  }, 60_000);
});

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { identities, loginClient, pendingHold, startScenario, type RunningCommand, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';
import { missingTerminal, startOnTerminal } from '../src/on-a-terminal.ts';
import { createPerson } from '../src/person.ts';

/** An agent's and a person's way to a token, with real kubectl, a real issuer, and the proxy. */
describe('approvals login and kubeconfig', () => {
  let stack: Stack;
  /** kubectl by a login, with the audience that the proxy takes. */
  let env: { KUBECONFIG: string };
  beforeAll(async () => {
    stack = await startScenario();
    env = await kubeconfigFor(loginFlags());
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
    (existsSync(cacheFolder()) ? readdirSync(cacheFolder()) : [])
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
  const logIn = async (
    args: readonly string[],
    name: string = identities.agent.name,
    meanwhile: (address: URL) => Promise<void> = () => Promise.resolve(),
  ) => {
    const running = stack.start(join(stack.dir, 'bin', 'approvals'), 'person', ['login', '--no-browser', ...args]);
    const address = await eventually(
      'the address',
      async () => {
        const shown = /^ {2}(https:\S+)$/m.exec(running.stderr())?.[1];
        if (shown === undefined && running.ended()) throw new Error(running.stderr());
        return shown;
      },
      90_000,
    );
    await meanwhile(new URL(address));
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
  /** What is to fail: without discovery, which tries each of its requests again, with the plugin once more. */
  const askOnce = ['get', '--raw', '/api/v1/namespaces/prod/pods'];

  test('with nobody at a terminal, and nothing kept, kubectl tells what to run', async () => {
    const pods = await stack.kubectl('person', askOnce, { env });
    expect(pods).toMatchObject({ code: 1, stdout: '' });
    expect(pods.stderr).toContain(`approvals login --issuer ${stack.urls.issuer} --client-id holdpoint-cli`);
  }, 120_000);

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
      const pods = await stack.kubectl('person', getPods, { env });
      expect(pods).toMatchObject({ code: 0, stderr: '' });
      expect(pods.stdout).toContain('pod/web-');
      const whoAmI = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      expect((await stack.kubectl('person', whoAmI, { env })).stdout).toBe('coding-agent');
      for (const file of kept()) expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(cacheFolder()).mode & 0o777).toBe(0o700);
    },
    120_000,
  );

  test('what comes to the listener and is not its login ends nothing; once the browser has been there, nothing listens', async () => {
    const { code, leftFor } = await logIn([...loginFlags(), '--force'], undefined, async (address) => {
      const redirect = address.searchParams.get('redirect_uri') ?? '';
      const state = address.searchParams.get('state') ?? '';
      expect(redirect).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
      const foreign = [
        { url: `${redirect}?code=c&state=guessed` },
        { url: `${redirect}?code=c` },
        { url: `${redirect.replace('callback', 'other')}?code=c&state=${state}` },
        { url: `${redirect.replace('127.0.0.1', 'localhost')}?code=c&state=${state}` },
        { url: `${redirect}?code=c&state=${state}`, method: 'POST' },
      ];
      for (const { url, method = 'GET' } of foreign) expect((await fetch(url, { method })).status).toBe(400);
    });
    expect(code).toBe(0);
    await expect(fetch(leftFor ?? '')).rejects.toThrow();
  }, 120_000);

  test('an answer in which somebody else says no to a login is told, and gives no token', async () => {
    const running = stack.start(join(stack.dir, 'bin', 'approvals'), 'person', [
      ...['login', '--no-browser', '--force'],
      ...loginFlags(),
    ]);
    const address = await eventually(
      'the address',
      async () => /^ {2}(https:\S+)$/m.exec(running.stderr())?.[1],
      90_000,
    );
    const { searchParams } = new URL(address);
    const redirect = new URL(searchParams.get('redirect_uri') ?? '');
    redirect.search = new URLSearchParams({
      ...{ error: 'access_denied', state: searchParams.get('state') ?? '', iss: 'https://elsewhere.example' },
    }).toString();
    await fetch(redirect);
    expect(await running.finished).toMatchObject({ code: 1, stdout: '' });
  }, 120_000);

  test('two kubectl at once, after the token’s end: both work, by one renewal', async () => {
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
  }, 120_000);

  test('what is kept and damaged, or open to others, is as if it were not there', async () => {
    for (const file of kept()) writeFileSync(file, '{"format":1,"token":');
    const pods = await stack.kubectl('person', askOnce, { env });
    expect(pods.stderr).toContain('nobody at a terminal to log in');
    expect(await logIn(loginFlags())).toMatchObject({ code: 0 });
    expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0 });
  }, 120_000);

  test('a token for another audience is not handed on; one for the client alone is refused by the proxy', async () => {
    const other = await logIn(loginFlags(['--audience', 'elsewhere']));
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain('the issuer gave a token for holdpoint, not for the audience elsewhere');
    expect(await logIn(loginFlags([]))).toMatchObject({ code: 0 });
    const refused = await stack.kubectl('person', askOnce, { env: await kubeconfigFor(loginFlags([])) });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('You must be logged in to the server');
  }, 120_000);

  const onTerminal = missingTerminal === undefined ? describe : describe.skip;
  const lacking = missingTerminal === undefined ? '' : ` (this machine lacks ${missingTerminal})`;
  onTerminal(`with somebody at the terminal, kubectl starts the login itself${lacking}`, () => {
    /** What the browser would have been opened with. */
    let opened: string;
    beforeAll(() => {
      opened = join(stack.dir, 'opened-by-browser');
      writeFileSync(join(stack.dir, 'bin', 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`, { mode: 0o755 });
    });
    beforeEach(() => {
      for (const file of kept()) rmSync(file);
      rmSync(opened, { force: true });
    });
    const addressOn = (running: RunningCommand): Promise<string> =>
      eventually(
        'the address',
        async () => {
          const shown = /^ {2}(https:\S+)\r$/m.exec(running.stdout())?.[1];
          if (shown === undefined && running.ended()) throw new Error(running.stdout());
          return shown;
        },
        90_000,
      );
    const logInAt = async (address: string) => {
      const name = identities.agent.name;
      const person = createPerson(readFileSync(stack.caFile, 'utf8'));
      const { leftFor } = await person.visit(new URL(address), { name, password: passwordOf(name) });
      if (leftFor !== undefined) expect((await fetch(leftFor)).status).toBe(200);
    };

    test.each([
      {
        situation: 'by a browser, which is opened',
        device: [],
        shows: /^Log in with a browser on this machine:\r\n {2}https:\S+\r\n(?:pod\/web-\S+\r\n)+$/,
        opens: true,
      },
      {
        situation: 'by a code on another device',
        device: ['--device'],
        shows:
          /^Log in with a browser on any device:\r\n {2}https:\S+\r\nIt shows, or asks for, this code: \S+\r\n(?:pod\/web-\S+\r\n)+$/,
        opens: false,
      },
    ])(
      '$situation, and answers what was asked; the next one, without a terminal, needs no person',
      async ({ device, shows, opens }) => {
        const env = await kubeconfigFor([...loginFlags(), ...device]);
        const running = startOnTerminal(stack, 'person', ['kubectl', ...getPods], { env });
        const address = await addressOn(running);
        if (opens) {
          await eventually('the browser', async () => (existsSync(opened) ? true : undefined));
          expect(readFileSync(opened, 'utf8')).toBe(address);
        }
        await logInAt(address);
        const { code, stdout } = await running.finished;
        expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(shows) });
        expect(existsSync(opened)).toBe(opens);
        for (const file of kept()) {
          expect(stdout).not.toContain((JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token);
        }
        expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0, stderr: '' });
      },
      120_000,
    );

    test('a login that is refused at the issuer: kubectl fails with its words, and asks for no other', async () => {
      const running = startOnTerminal(stack, 'person', ['kubectl', ...askOnce], { env });
      const address = new URL(await addressOn(running));
      const redirect = new URL(address.searchParams.get('redirect_uri') ?? '');
      const state = address.searchParams.get('state') ?? '';
      const refusal = { error: 'access_denied', error_description: 'not today', state, iss: stack.urls.issuer };
      redirect.search = new URLSearchParams(refusal).toString();
      await fetch(redirect);
      const { code, stdout } = await running.finished;
      expect(code).toBe(1);
      expect(stdout).toContain('access_denied');
      expect(stdout.split('Log in with a browser')).toHaveLength(2);
    }, 120_000);

    test('Ctrl-C at the prompt ends it, and what listened; the login after it is not in anybody’s way', async () => {
      const interruptFile = join(stack.dir, 'press-ctrl-c');
      const running = startOnTerminal(stack, 'person', ['kubectl', ...getPods], { env, interruptFile });
      const redirect = new URL(await addressOn(running)).searchParams.get('redirect_uri') ?? '';
      expect((await fetch(redirect)).status).toBe(400);
      writeFileSync(interruptFile, '');
      const { code, stdout } = await running.finished;
      expect({ code, stdout }).toEqual({ code: 130, stdout: expect.not.stringContaining('pod/') });
      await expect(fetch(redirect)).rejects.toThrow();
      expect(kept()).toEqual([]);
      const next = startOnTerminal(stack, 'person', ['kubectl', ...getPods], { env });
      await logInAt(await addressOn(next));
      expect(await next.finished).toMatchObject({ code: 0 });
    }, 180_000);
  });

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
  }, 120_000);

  test('after a logout, nothing is kept, and what renewed it is no longer good', async () => {
    expect(await logIn([...loginFlags(), '--force'])).toMatchObject({ code: 0 });
    const before = new Map(kept().map((file) => [file, readFileSync(file)]));
    expect(await stack.approvals('person', ['logout', ...loginFlags()])).toEqual({
      ...{ code: 0, stdout: 'Logged out.\n', stderr: '' },
    });
    expect(kept().length).toBe(before.size - 1);
    for (const [file, content] of before) writeFileSync(file, content, { mode: 0o600 });
    endTokens();
    const pods = await stack.kubectl('person', askOnce, { env });
    expect(pods.stderr).toContain('nobody at a terminal to log in');
  }, 120_000);

  test('an approver who has logged in approves with the CLI, as themselves', async () => {
    const file = join(stack.dir, 'approver-kubeconfig');
    const server = ['--server', stack.urls.apiServer, '--certificate-authority', stack.caFile];
    // A login of its own: as another person would have on a machine of theirs.
    const flags = loginFlags(['--audience', 'holdpoint', '--scopes', 'openid']);
    expect(await stack.approvals('person', ['kubeconfig', ...server, ...flags, '-o', file])).toMatchObject({ code: 0 });
    expect(await logIn(flags, identities.approver.name)).toMatchObject({ code: 0 });
    const asking = stack.kubectlStart('agent', ['annotate', 'deployment/web', '-n', 'prod', 'asked=yes']);
    const hold = await eventually('a hold', () => pendingHold(stack, 'web'));
    const approved = await stack.approvals('person', ['--kubeconfig', file, 'approve', hold, '-r', 'seen']);
    expect(approved).toMatchObject({ code: 0 });
    expect(await asking.finished).toMatchObject({ code: 0 });
    expect((await asking.finished).stderr).toContain('approved by alice');
  }, 120_000);

  test('an issuer that is down: a token that is kept works on, and a renewal says who does not answer', async () => {
    expect(await logIn([...loginFlags(), '--force'])).toMatchObject({ code: 0 });
    await stack.issuer.child.stop();
    expect(await stack.kubectl('person', getPods, { env })).toMatchObject({ code: 0 });
    endTokens();
    const pods = await stack.kubectl('person', askOnce, { env });
    expect(pods).toMatchObject({ code: 1, stdout: '' });
    expect(pods.stderr).toContain(`the issuer ${stack.urls.issuer}/ does not answer`);
  }, 120_000);
});

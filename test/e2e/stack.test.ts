import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startStack, type Stack } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

describe('two stacks on one machine', () => {
  let one: Stack;
  let other: Stack;
  beforeAll(async () => {
    [one, other] = await Promise.all([startStack({ services: [] }), startStack({ services: [] })]);
  }, 900_000);
  afterAll(async () => {
    await Promise.all([one?.close(), other?.close()]);
  }, 60_000);

  test('what is written to one is not in the other', async () => {
    expect(await one.kubectl('admin', ['create', 'namespace', 'mine'])).toMatchObject({ code: 0 });
    const there = await other.kubectl('admin', ['get', 'namespace', 'mine']);
    expect(there).toMatchObject({ code: 1, stdout: '' });
    expect(there.stderr).toContain('(NotFound)');
  });

  test.each([
    { user: 'agent', name: 'coding-agent', groups: 'ai-agents' },
    { user: 'approver', name: 'alice', groups: 'sre' },
    { user: 'second-approver', name: 'bob', groups: 'sre' },
    { user: 'person', name: 'carol', groups: 'developers' },
  ] as const)('a token of $user is $name in $groups, and nobody in the other', async ({ user, name, groups }) => {
    const token = await one.token(user);
    const whoAmI = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups[0]}'];
    const kubeconfig = user === 'agent' ? 'agent-direct' : user;
    expect(await one.kubectl(kubeconfig, [...whoAmI, `--token=${token}`])).toMatchObject({
      code: 0,
      stdout: `${name} ${groups}`,
    });
    expect((await other.kubectl(kubeconfig, [...whoAmI, `--token=${token}`])).stderr).toContain('Unauthorized');
  });

  test('a session is the token’s own, or the one that is asked for', async () => {
    const claimsOf = (token: string): { sid: string; aud: string } =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string; aud: string };
    const asked = claimsOf(await one.token('agent', { sid: 'pipeline-7' }));
    expect(asked).toMatchObject({ sid: 'pipeline-7', aud: 'holdpoint' });
    const [first, second] = [claimsOf(await one.token('agent')), claimsOf(await one.token('agent'))];
    expect(first.sid).not.toBe(second.sid);
  });

  test('an API server that is killed comes back, with everything that it knew', async () => {
    const apiServer = other.controlPlane.find((each) => each.name === 'kube-apiserver');
    const before = apiServer?.pid;
    expect(await other.kubectl('admin', ['create', 'namespace', 'kept'])).toMatchObject({ code: 0 });
    apiServer?.kill();
    await eventually('it runs again', async () =>
      apiServer?.pid !== undefined && apiServer.pid !== before ? true : undefined,
    );
    await eventually('it answers', async () => {
      const { code, stdout } = await other.kubectl('admin', ['get', 'namespace', 'kept', '-o', 'name']);
      return code === 0 && stdout === 'namespace/kept\n' ? true : undefined;
    });
  }, 60_000);

  test('a node runs pods: exec runs the command, logs are served', async () => {
    const pod = { spec: { nodeName: 'node-1' } };
    const run = ['run', 'shell', '--image=any', `--overrides=${JSON.stringify(pod)}`];
    expect(await one.kubectl('admin', run)).toMatchObject({ code: 0 });
    const ready = ['wait', '--for=condition=Ready', 'pod/shell', '--timeout=30s'];
    expect(await one.kubectl('admin', ready)).toMatchObject({ code: 0 });
    // kwok does not pass on that standard input has ended: a command that reads to its end would wait for ever.
    const exec = await one.kubectl('admin', ['exec', '-i', 'shell', '--', 'head', '-c', '5'], { input: 'hello!' });
    expect(exec).toMatchObject({ code: 0, stdout: 'hello' });
    expect(await one.kubectl('admin', ['logs', 'shell'])).toMatchObject({
      code: 0,
      stdout: 'shop is starting\nshop listens on :8080\n',
    });
  }, 60_000);

  test('closing one ends its commands, and leaves the other alone', async () => {
    const closing = await startStack({ services: [] });
    const watching = closing.kubectlStart('admin', ['get', 'namespaces', '--watch']);
    await eventually('kubectl watches', async () => (watching.stdout() === '' ? undefined : true));
    await closing.close();
    expect(await watching.finished).toMatchObject({ code: -1 });
    expect(existsSync(closing.dir)).toBe(false);
    expect(await one.kubectl('admin', ['get', 'namespaces'])).toMatchObject({ code: 0 });
  }, 60_000);
});

describe('whoever started a stack dies', () => {
  const holder = fileURLToPath(new URL('../src/hold-a-stack.ts', import.meta.url));

  test.each([
    { how: 'SIGKILL', when: 'up' },
    { how: 'SIGKILL', when: 'starting kube-apiserver' },
    { how: 'SIGTERM', when: 'up' },
    { how: 'SIGABRT', when: 'starting the controllers and the node' },
  ] as const)(
    '$how while it is $when: no process and no file is left',
    async ({ how, when }) => {
      // Everything of the stack goes below this folder, and every process of it is started with a path in there.
      const folder = mkdtempSync(join(tmpdir(), 'holdpoint-holder-'));
      const parent = spawn(process.execPath, [holder], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const gone = new Promise((resolve) => parent.once('exit', resolve));
      for await (const line of createInterface({ input: parent.stdout })) if (line === when) break;
      expect(processesNaming(folder)).not.toEqual([]);
      parent.kill(how);
      await gone;
      await eventually('its processes are gone', async () => (processesNaming(folder).length === 0 ? true : undefined));
      expect(readdirSync(folder)).toEqual([]);
      rmdirSync(folder);
    },
    120_000,
  );
});

/** Every process with the path in its arguments or its environment. */
function processesNaming(path: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) =>
      ['cmdline', 'environ'].some((file) => {
        try {
          return readFileSync(join('/proc', pid, file), 'utf8').includes(path);
        } catch {
          return false; // It ended meanwhile, or is somebody else's.
        }
      }),
    );
}

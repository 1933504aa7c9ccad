import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inRepository, startCommand } from '@holdpoint/local';
import { eventually } from '../src/eventually.ts';

interface Endpoints {
  pids: Record<string, number>;
  dir: string;
  sql: { url: string; caFile: string; tokenFile: string };
}

/** `npm start`: what it writes for others, and what is left when it ends, however it ends. */
describe('npm start', () => {
  let parent: string;
  let folder: string;
  let started: ChildProcess;
  let exited: Promise<number | null>;

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'start-test-'));
    folder = join(parent, 'published');
    started = spawn(process.execPath, [inRepository('local', 'src', 'main.ts'), 'start', '--dir', folder], {
      stdio: 'ignore',
    });
    exited = new Promise((resolve) => started.once('exit', resolve));
    await eventually('endpoints.json is written', async () => (existsSync(file()) ? true : undefined), 120_000);
  }, 180_000);
  afterEach(async () => {
    started.kill('SIGKILL');
    await exited;
    rmSync(parent, { recursive: true, force: true });
  }, 60_000);

  const file = (): string => join(folder, 'endpoints.json');
  const endpoints = (): Endpoints => JSON.parse(readFileSync(file(), 'utf8')) as Endpoints;
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const untilAllGone = async ({ pids, dir }: Endpoints): Promise<void> => {
    await eventually('no process is left', async () => (Object.values(pids).some(isAlive) ? undefined : true), 60_000);
    await eventually('no folder is left', async () => (existsSync(dir) ? undefined : true), 60_000);
  };

  test('publishes kubeconfigs that work, keeps process ids true, and leaves nothing behind after Ctrl-C', async () => {
    expect(readdirSync(folder).sort()).toEqual([
      'admin.crt',
      'admin.key',
      'admin.kubeconfig',
      'agent-direct.kubeconfig',
      'agent.kubeconfig',
      'approver.kubeconfig',
      'ca.crt',
      'endpoints.json',
      'intake.token',
      'person.kubeconfig',
      'query.token',
      'second-approver.kubeconfig',
    ]);
    const before = endpoints();
    expect(Object.keys(before.pids).sort()).toEqual([
      'auditsink',
      'etcd',
      'issuer',
      'kube-apiserver',
      'kube-controller-manager',
      'kwok',
      'proxy',
      'webhook',
    ]);
    expect(Object.values(before.pids).every(isAlive)).toBe(true);

    const kubectl = join(before.dir, 'bin', 'kubectl');
    const whoami = async (user: string): Promise<string> => {
      const args = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
      const env = { KUBECONFIG: join(folder, `${user}.kubeconfig`), HOME: parent };
      return (await startCommand(kubectl, args, { env }).finished).stdout;
    };
    const users = ['admin', 'agent', 'agent-direct', 'approver', 'second-approver', 'person'];
    expect(await Promise.all(users.map(whoami))).toEqual([
      'admin',
      'coding-agent',
      'coding-agent',
      'alice',
      'bob',
      'carol',
    ]);

    process.kill(before.pids['webhook'] ?? 0, 'SIGKILL');
    await eventually('the webhook has another process id', async () => {
      const now = endpoints().pids['webhook'];
      return now !== undefined && now !== before.pids['webhook'] && isAlive(now) ? true : undefined;
    });

    const after = endpoints();
    started.kill('SIGINT');
    expect(await exited).toBe(0);
    await untilAllGone(after);
    expect(existsSync(folder)).toBe(false);
  }, 180_000);

  test('killed with kill -9: the processes end and the folder with keys and data goes all the same', async () => {
    const before = endpoints();
    started.kill('SIGKILL');
    await exited;
    await untilAllGone(before);
  }, 180_000);
});

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '@holdpoint/local';
import { freePort } from './free-port.ts';

/** A ClickHouse to test against, with nothing of ours in it yet. */
export interface TestClickHouse {
  url: string;
  username: string;
  password: string;
  /** One statement, as its administrator. Throws what the server says. */
  ask(statement: string): Promise<string>;
  close(): Promise<void>;
}

/** The stand-in, which can be taken away and brought back on the same data. */
export interface StandIn extends TestClickHouse {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Connections open, and nothing answers. */
  pause(): void;
  resume(): void;
}

/** ClickHouse's HTTP interface over the embedded engine, as a process of its own. It is started. */
export async function startStandIn(): Promise<StandIn> {
  const folder = mkdtempSync(join(tmpdir(), 'holdpoint-clickhouse-'));
  const port = String(await freePort());
  const [username, password] = ['holdpoint', 'not the default'];
  const url = `http://127.0.0.1:${port}`;
  const program = inRepository('test', 'src', 'clickhouse-stand-in.ts');
  let child: ChildProcess | undefined;
  const standIn: StandIn = {
    ...{ url, username, password },
    ask: (statement) => post(url, username, password, statement),
    async start() {
      const started = spawn(process.execPath, [program, join(folder, 'data'), port, username, password], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child = started;
      await once(started.stdout, 'data');
    },
    async kill() {
      const ending = child;
      child = undefined;
      if (ending === undefined) return;
      ending.kill('SIGKILL');
      await once(ending, 'exit');
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      await standIn.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await standIn.start();
  return standIn;
}

const image = 'clickhouse/clickhouse-server:26.7';
const given = process.env['HOLDPOINT_TEST_CLICKHOUSE_URL'];

/** What a machine lacks to test against a real server; undefined where it can. */
export const serverLacking =
  given === undefined && spawnSync('docker', ['pull', '--quiet', image], { timeout: 300_000 }).status !== 0
    ? 'no ClickHouse server: set HOLDPOINT_TEST_CLICKHOUSE_URL'
    : undefined;

/** A real server: the one at HOLDPOINT_TEST_CLICKHOUSE_URL (http://user:password@host:port), or one in a container. */
export async function startServer(): Promise<TestClickHouse> {
  if (given === undefined) return await startContainer();
  const { origin, username, password } = new URL(given);
  const [user, secret] = [decodeURIComponent(username) || 'default', decodeURIComponent(password)];
  const ask = (statement: string): Promise<string> => post(origin, user, secret, statement);
  await ask('DROP DATABASE IF EXISTS holdpoint');
  return { url: origin, username: user, password: secret, ask, close: () => Promise.resolve() };
}

async function startContainer(): Promise<TestClickHouse> {
  const { ClickHouseContainer } = await import('@testcontainers/clickhouse');
  const container = await new ClickHouseContainer(image).start();
  const [url, username, password] = [container.getHttpUrl(), container.getUsername(), container.getPassword()];
  const ask = (statement: string): Promise<string> => post(url, username, password, statement);
  return { url, username, password, ask, close: async () => void (await container.stop()) };
}

async function post(url: string, username: string, password: string, statement: string): Promise<string> {
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const answer = await fetch(url, { method: 'POST', body: statement, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text.trimEnd();
}

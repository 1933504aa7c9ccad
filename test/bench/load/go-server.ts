import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheKeyOf, cacheRootOf, inRepository, requireGo, startCommand, type KeyFiles } from '@holdpoint/local';
import { eventually } from '../../src/eventually.ts';
import { requestJson } from '../../src/request-json.ts';

/** A program under `test/bench`, by its folder. */
export type GoProgram = 'go-webhook' | 'go-proxy';

/** Builds it into the cache, beside the control plane; Go's own build cache makes a second time short. */
export async function buildGoServer(program: GoProgram): Promise<string> {
  const folder = inRepository('test', 'bench', program);
  requireGo(folder);
  const contents = ['go.mod', 'main.go'].map((name) => readFileSync(join(folder, name), 'utf8'));
  const platform = `${process.platform}-${process.arch}`;
  const target = join(cacheRootOf(process.env, homedir()), `bench-${cacheKeyOf({ contents, flags: [], platform })}`);
  mkdirSync(target, { recursive: true });
  const binary = join(target, program);
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-buildvcs=false' };
  const { code, stderr } = await startCommand('go', ['build', '-o', binary, '.'], { cwd: folder, env }).finished;
  if (code !== 0) throw new Error(`go build: ${stderr}`);
  return binary;
}

export interface GoServer {
  readonly pid: number;
  stop(): void;
}

/** Starts it on `address` (host:port); resolves when it answers. It ends with us, however we end. */
export async function startGoServer(
  binary: string,
  { address, keys, caFile, args = [] }: { address: string; keys: KeyFiles; caFile: string; args?: readonly string[] },
): Promise<GoServer> {
  const child = spawn(binary, ['--listen', address, '--cert', keys.cert, '--key', keys.key, ...args], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${binary} could not be started`);
  await eventually(`${address} answers`, async () => {
    // None of them answers a stranger in JSON: whatever else it says is a sign of life.
    const answered = await requestJson(`https://${address}/`, { method: 'GET', caFile }).catch(
      (error: unknown) => error,
    );
    return answered instanceof SyntaxError ? true : undefined;
  });
  return { pid, stop: () => child.stdin.end() };
}

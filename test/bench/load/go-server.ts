import { spawn } from 'node:child_process';
import { inRepository, type KeyFiles } from '@holdpoint/local';
import { eventually } from '../../src/eventually.ts';
import { buildGoProgram } from '../../src/go-program.ts';
import { requestJson } from '../../src/request-json.ts';

/** A program under `test/bench`, by its folder. */
export type GoProgram = 'go-webhook' | 'go-proxy';

export function buildGoServer(program: GoProgram): Promise<string> {
  return buildGoProgram(inRepository('test', 'bench', program));
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

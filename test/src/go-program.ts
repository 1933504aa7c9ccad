import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { cacheKeyOf, cacheRootOf, requireGo, startCommand } from '@holdpoint/local';

/** Builds the Go program of a folder into the cache, beside the control plane; Go's own build cache makes a second time short. */
export async function buildGoProgram(folder: string): Promise<string> {
  requireGo(folder);
  const contents = readdirSync(folder)
    .filter((name) => /\.(go|mod|sum)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const name = basename(folder);
  const platform = `${process.platform}-${process.arch}`;
  const target = join(cacheRootOf(process.env, homedir()), `${name}-${cacheKeyOf({ contents, flags: [], platform })}`);
  mkdirSync(target, { recursive: true });
  const binary = join(target, name);
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-buildvcs=false' };
  // The modules of a first time come over the network.
  const building = { cwd: folder, env, timeoutMs: 600_000 };
  const { code, stderr } = await startCommand('go', ['build', '-o', binary, '.'], building).finished;
  if (code !== 0) throw new Error(`go build: ${stderr}`);
  return binary;
}

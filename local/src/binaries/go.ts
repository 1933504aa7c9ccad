import { spawn, spawnSync } from 'node:child_process';
import { HoldpointError } from '@holdpoint/core';

/** The oldest Go that builds the pinned modules. */
export const oldestGo = { major: 1, minor: 26 } as const;

/** `go version go1.26.8 linux/amd64` → `{major: 1, minor: 26}`; undefined for anything else. */
export function parseGoVersion(text: string): { major: number; minor: number } | undefined {
  const match = /\bgo(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Throws ERR_STACK_FAILED naming what to install when Go is missing or too old. */
export function requireGo(): void {
  const wanted = `Go ${String(oldestGo.major)}.${String(oldestGo.minor)} or newer`;
  const answer = spawnSync('go', ['version'], { encoding: 'utf8' });
  const version = answer.status === 0 ? parseGoVersion(answer.stdout) : undefined;
  const remedy =
    `Install ${wanted} (https://go.dev/dl/) and put it on the PATH, or set KUBEBUILDER_ASSETS to a folder with etcd, ` +
    'kube-apiserver, kube-controller-manager and kwok.';
  if (version === undefined) {
    throw new HoldpointError(
      'ERR_STACK_FAILED',
      `building the control plane needs ${wanted}, and there is no go. ${remedy}`,
    );
  }
  const old = version.major * 1_000 + version.minor < oldestGo.major * 1_000 + oldestGo.minor;
  if (old) {
    throw new HoldpointError(
      'ERR_STACK_FAILED',
      `building the control plane needs ${wanted}, and this is ${answer.stdout.trim()}. ${remedy}`,
    );
  }
}

/** Runs `go build` in a module's folder. Rejects with the compiler's own last words. */
export async function goBuild(folder: string, args: readonly string[]): Promise<void> {
  const child = spawn('go', ['build', ...args], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-4_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new HoldpointError('ERR_STACK_FAILED', `go build ${args.at(-1) ?? ''} failed:\n${stderr.trimEnd()}`);
  }
}

import { spawnSync } from 'node:child_process';
import { HoldpointError } from '@holdpoint/core';
import { startCommand } from '../process/command.ts';
import type { Leash } from '../process/leash.ts';

/** The oldest Go that builds the pinned modules. */
export const oldestGo = { major: 1, minor: 26 } as const;

/** `go version go1.26.8 linux/amd64` → `{major: 1, minor: 26}`; undefined for anything else. */
export function parseGoVersion(text: string): { major: number; minor: number } | undefined {
  const match = /\bgo(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

/** A cold build takes minutes; one that takes longer than this hangs, on a download most likely. */
const buildTimeoutMs = 60 * 60 * 1_000;

/**
 * Throws ERR_STACK_FAILED naming what to install when Go is missing or too old.
 *
 * @param folder of the module: there an older Go fetches the toolchain that the module asks for, where it may
 */
export function requireGo(folder: string): void {
  const wanted = `Go ${String(oldestGo.major)}.${String(oldestGo.minor)} or newer`;
  const answer = spawnSync('go', ['version'], { encoding: 'utf8', cwd: folder });
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

export interface GoBuild {
  /** Of the module whose go.mod and go.sum pin what is built. */
  folder: string;
  args: readonly string[];
  /** Where the compiler keeps what it works on. */
  scratch: string;
}

/**
 * Runs `go build`, on the leash.
 *
 * @throws HoldpointError ERR_STACK_FAILED with the compiler's own last words; the signal's reason when that is aborted
 */
export async function goBuild({ folder, args, scratch }: GoBuild, leash: Leash, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // What the user has set for their own modules (a vendor folder, a workspace) is not for these.
  const env = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off', GOTMPDIR: scratch };
  const build = startCommand('go', ['build', ...args], { cwd: folder, env, timeoutMs: buildTimeoutMs }, leash);
  const kill = (): void => build.kill();
  signal.addEventListener('abort', kill, { once: true });
  const { code, stderr } = await build.finished;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code !== 0) {
    const words = stderr.trimEnd().slice(-4_000);
    throw new HoldpointError('ERR_STACK_FAILED', `go build ${args.at(-1) ?? ''} failed:\n${words}`);
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import { startCommand } from '../process/command.ts';
import { createLeash, type Leash } from '../process/leash.ts';
import { cacheKeyOf, cacheRootOf } from './cache.ts';
import { withLock } from './lock.ts';

/** A Python that can run programs, and install what they import. */
export interface Python {
  /** Absolute. */
  executable: string;
  /** `3.11`: compiled wheels are for one of these. */
  version: string;
  /** Without pip of its own, a virtual environment lends one. */
  pip: 'its own' | 'of a virtual environment';
}

/** The oldest that the pinned requirements are resolved for. */
const oldestMinor = 10;

/** Some 30 MB of wheels; what takes longer than this hangs, on a download most likely. */
const installTimeoutMs = 15 * 60 * 1_000;

const probe = `
import importlib.util as u, json, sys
print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:2]),
  "pip": u.find_spec("pip") is not None, "venv": None not in (u.find_spec("venv"), u.find_spec("ensurepip"))}))`;

/** Finds python3 on the PATH, or names what is missing. Runs it; installs nothing. */
export function findPython(): Python | { missing: string } {
  const answer = spawnSync('python3', ['-c', probe], { encoding: 'utf8' });
  return parsePython(answer.status === 0 ? answer.stdout : '');
}

/** What the probe printed → a Python that will do, or what is missing for it. */
export function parsePython(printed: string): Python | { missing: string } {
  if (printed === '') return { missing: 'python3' };
  const { executable, version, pip, venv } = JSON.parse(printed) as {
    executable: string;
    version: [number, number];
    pip: boolean;
    venv: boolean;
  };
  const [major, minor] = version;
  if (major !== 3 || minor < oldestMinor) return { missing: `Python 3.${String(oldestMinor)} or newer` };
  if (!pip && !venv) return { missing: 'pip, or the venv module, of python3' };
  const name = `${String(major)}.${String(minor)}`;
  return { executable, version: name, pip: pip ? 'its own' : 'of a virtual environment' };
}

/**
 * A folder for PYTHONPATH with exactly the packages of a requirements file (every one pinned, with its hash), from the
 * cache, or installed there once. A folder needs less than a virtual environment: pip alone, which Debian packages apart
 * from venv, and it may be moved, so that it appears whole or not at all.
 *
 * @throws HoldpointError ERR_STACK_FAILED with pip's own last words
 */
export async function resolvePythonPackages(
  python: Python,
  requirements: string,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const root = cacheRootOf(process.env, homedir());
  const key = cacheKeyOf({
    contents: [readFileSync(requirements, 'utf8')],
    flags: [`python ${python.version}`],
    platform: `${process.platform}-${process.arch}`,
  });
  const folder = join(root, `python-${key}`);
  if (existsSync(folder)) return folder;
  mkdirSync(root, { recursive: true });
  await withLock(
    join(root, 'python.lock'),
    () => progress('another process is installing Python packages: waiting for it'),
    async () => {
      if (existsSync(folder)) return; // Whoever held the lock before us has installed them.
      progress('installing Python packages, once');
      // In the same file system as the folder, so that it can be renamed.
      const scratch = mkdtempSync(join(root, 'installing-'));
      const leash = createLeash(scratch);
      try {
        const target = join(scratch, 'packages');
        await install(python, { requirements, target, scratch }, leash, signal);
        renameSync(target, folder);
      } finally {
        await leash.release();
      }
    },
    signal,
  );
  return folder;
}

async function install(
  python: Python,
  where: { requirements: string; target: string; scratch: string },
  leash: Leash,
  signal: AbortSignal,
): Promise<void> {
  const { requirements, target, scratch } = where;
  let { executable } = python;
  if (python.pip === 'of a virtual environment') {
    const lender = join(scratch, 'venv');
    await must(executable, ['-m', 'venv', lender], leash, signal);
    executable = join(lender, 'bin', 'python');
  }
  const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
  // Everything is pinned: nothing is resolved, and nothing but wheels, so that nothing is compiled or run.
  const pinned = ['--no-deps', '--require-hashes', '--only-binary', ':all:'];
  await must(executable, [...args, ...pinned, '--target', target, '--requirement', requirements], leash, signal);
}

async function must(command: string, args: readonly string[], leash: Leash, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  // What a user has set for pip's everyday use would contradict --target.
  const env = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  const running = startCommand(command, args, { env, timeoutMs: installTimeoutMs }, leash);
  const kill = (): void => running.kill();
  signal.addEventListener('abort', kill, { once: true });
  const { code, stderr } = await running.finished;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 0) return;
  const words = stderr.trimEnd().slice(-4_000);
  throw new HoldpointError('ERR_STACK_FAILED', `${command} ${args.join(' ')} failed:\n${words}`);
}

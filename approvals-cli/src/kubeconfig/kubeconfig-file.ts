import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError, messageOf, type JsonObject } from '@holdpoint/core';
import { parseYaml, toYaml } from '@holdpoint/platform';

/** Another command is done with a kubeconfig in a moment, or it has left its lock behind. */
const lockTries = 50;
const lockRetryMs = 100;

/**
 * Changes a kubeconfig under the lock that kubectl takes, too. Afterwards the file is whole, and for its owner alone; where
 * anything fails, it is as it was.
 *
 * @param change is given undefined when there is no file, or an empty one
 * @throws HoldpointError ERR_CONFIG_INVALID naming the file
 */
export async function changeKubeconfig(named: string, change: (before: unknown) => JsonObject): Promise<void> {
  // A link is often somebody's own arrangement (~/.kube/config): what it leads to is changed.
  const file = existsSync(named) ? realpathSync(named) : named;
  const unlock = await lock(file);
  const unfinished = `${file}.${randomUUID()}`;
  try {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const changed = toYaml(change(text.trim() === '' ? undefined : parseYaml(text)));
    writeFileSync(unfinished, changed, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, file);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new HoldpointError('ERR_CONFIG_INVALID', `${named}: ${messageOf(cause)}`, { cause });
  } finally {
    unlock();
  }
}

/** Source: client-go tools/clientcmd/config.go, lockFile. */
async function lock(file: string): Promise<() => void> {
  const lockFile = `${file}.lock`;
  for (let tries = 1; ; tries += 1) {
    try {
      closeSync(openSync(lockFile, 'wx', 0o600));
      return () => rmSync(lockFile, { force: true });
    } catch (cause) {
      const isHeld = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isHeld || tries === lockTries) {
        const hint = isHeld ? 'another command changes the file; if none does, remove the lock' : messageOf(cause);
        throw new HoldpointError('ERR_CONFIG_INVALID', `${lockFile}: ${hint}`, { cause });
      }
      await sleep(lockRetryMs);
    }
  }
}

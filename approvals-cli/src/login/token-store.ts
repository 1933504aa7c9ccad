import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { HoldpointError, isJsonObject, messageOf } from '@holdpoint/core';
import type { Credential } from './credential.ts';
import type { LoginSettings } from './login-settings.ts';

/** The token of one login, on disk, for its owner alone. */
export interface TokenStore {
  /** Undefined for one that is not there, cannot be read, or could be read by others. */
  read(): Credential | undefined;
  /** The file is whole, or as it was. */
  write(credential: Credential): void;
  remove(): void;
  /** Of all processes, one at a time. Rejects with ERR_LOGIN_FAILED when another one holds it for too long. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

const format = 1;
/** A lock whose holder shows no sign of life for so long is nobody's. */
const staleMs = 10_000;
const retryMs = 200;
/** As long as somebody else's login may take, and a little more: see commands/login.ts. */
const waitMs = 330_000;

/**
 * One file for an issuer, a client, scopes and an audience. The folder is made when something is written.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the folder, from `write` and `alone`, when it cannot be used
 */
export function createTokenStore(folder: string, settings: LoginSettings): TokenStore {
  const { issuer, clientId, scopes, audience } = settings;
  const key = JSON.stringify([issuer.href, clientId, scopes, audience ?? null]);
  const file = join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  const prepare = (): void => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    } catch (cause) {
      throw new HoldpointError('ERR_CONFIG_INVALID', `${folder}: tokens cannot be kept: ${messageOf(cause)}`, {
        cause,
      });
    }
  };
  return {
    read: () => readCredential(file),
    write(credential) {
      prepare();
      const unfinished = `${file}.${randomUUID()}`;
      try {
        writeFileSync(unfinished, JSON.stringify({ format, ...credential }), { mode: 0o600, flag: 'wx' });
        renameSync(unfinished, file);
      } catch (cause) {
        rmSync(unfinished, { force: true });
        throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: the token cannot be kept: ${messageOf(cause)}`, {
          cause,
        });
      }
    },
    remove: () => rmSync(file, { force: true }),
    async alone(work) {
      prepare();
      const release = await lock(file, {
        realpath: false,
        stale: staleMs,
        retries: { retries: waitMs / retryMs, factor: 1, minTimeout: retryMs, maxTimeout: retryMs },
        // A machine that slept: what was begun is brought to its end; at worst two renew, and one of them logs in again.
        onCompromised: () => undefined,
      }).catch((cause: unknown) => {
        const message = `${file}.lock: another login does not come to its end: ${messageOf(cause)}`;
        throw new HoldpointError('ERR_LOGIN_FAILED', message, { cause });
      });
      try {
        return await work();
      } finally {
        // It may have been taken from us meanwhile, as above.
        await release().catch(() => undefined);
      }
    },
  };
}

/** What others may read, they may have written. */
function readCredential(file: string): Credential | undefined {
  let read: unknown;
  try {
    const { mode } = lstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) return undefined;
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // Not there, or damaged: either way, a login makes it anew.
  }
  if (!isJsonObject(read) || read['format'] !== format) return undefined;
  const { token, expiresAt, refreshToken } = read;
  if (typeof token !== 'string' || token === '' || typeof expiresAt !== 'number') return undefined;
  return { token, expiresAt, refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined };
}

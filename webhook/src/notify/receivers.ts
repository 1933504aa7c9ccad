import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { parseYaml, readKey, type Logger } from '@holdpoint/platform';
import { parseReceivers, type Receiver } from './parse-receivers.ts';

/** Whom the webhook can tell, kept as the file has it. */
export interface Receivers {
  get(name: string): Receiver | undefined;
  names(): readonly string[];
  /** Reads the file again if it has changed. One that cannot be read is told once, and what was there before stays. */
  refresh(): void;
}

/**
 * Reads `file` and the files that it names, which may be relative to it; none at all when `file` is empty.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID when they cannot be read or are wrong; later, that is logged instead
 */
export function createReceivers(file: string, logger: Logger): Receivers {
  if (file === '') return { get: () => undefined, names: () => [], refresh: () => undefined };
  let known = load(file);
  let version = versionOf(file);
  let failed: string | undefined;
  return {
    get: (name) => known.get(name),
    names: () => [...known.keys()],
    refresh() {
      const current = versionOf(file);
      if (current === version) return;
      try {
        known = load(file);
        version = current;
        failed = undefined;
        logger.info({ receivers: [...known.keys()] }, 'receivers file read');
      } catch (error) {
        if (failed !== current) logger.error({ err: error }, 'receivers file not read; what it said before stays');
        failed = current;
      }
    },
  };
}

/** Another one whenever the file is another, also where a mounted Secret is changed by a link that points elsewhere. */
function versionOf(file: string): string {
  try {
    const { dev, ino, mtimeMs, size } = statSync(file);
    return [dev, ino, mtimeMs, size].join(':');
  } catch {
    return 'none'; // Reading it says why.
  }
}

function load(file: string): Map<string, Receiver> {
  const folder = dirname(file);
  const receivers = receiversIn(file).map((receiver) => inFolder(receiver, folder));
  for (const receiver of receivers) credentialsOf(receiver);
  return new Map(receivers.map((receiver) => [receiver.name, receiver]));
}

function receiversIn(file: string): Receiver[] {
  const text = readText(file);
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch {
    // The library's error quotes the line that it is on, and that line may hold a URL.
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: is no YAML`);
  }
  try {
    return parseReceivers(value);
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: ${messageOf(cause)}`, { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function inFolder(receiver: Receiver, folder: string): Receiver {
  const moved = { ...receiver };
  for (const field of ['hmacKeyFile', 'caFile', 'bearerTokenFile'] as const) {
    const path = receiver[field];
    if (path !== undefined) moved[field] = resolve(folder, path);
  }
  return moved;
}

/** What a receiver is shown, and verified by. */
export interface Credentials {
  hmacKey?: Buffer;
  ca?: string;
  bearerToken?: string;
}

/** Read anew for each attempt, so that keys rotate without a restart. Throws ERR_CONFIG_INVALID naming a file that cannot be. */
export function credentialsOf({ hmacKeyFile, caFile, bearerTokenFile }: Receiver): Credentials {
  return {
    ...(hmacKeyFile === undefined ? {} : { hmacKey: readKey(hmacKeyFile) }),
    ...(caFile === undefined ? {} : { ca: readText(caFile) }),
    ...(bearerTokenFile === undefined ? {} : { bearerToken: readText(bearerTokenFile).trim() }),
  };
}

import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';

const minKeyBytes = 32;

/** Reads a key of at least 32 bytes written as hex. Throws ERR_CONFIG_INVALID naming the file, never its content. */
export function readKey(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: the key cannot be read: ${messageOf(cause)}`, { cause });
  }
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text) || text.length < minKeyBytes * 2) {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      `${file}: expected at least ${String(minKeyBytes)} bytes as hex; make one with: openssl rand -hex 32`,
    );
  }
  return Buffer.from(text, 'hex');
}

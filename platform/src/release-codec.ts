import { gunzipSync, gzipSync } from 'node:zlib';
import type { OpenedPayload, ReleaseCodec } from '@holdpoint/core';
import { editYaml } from './yaml.ts';

/** A Secret holds 1 MiB, and manifests pack some ten to one; past this it is no release but a bomb. */
const maxOpenedBytes = 32 * 1_048_576;

/** Opens and closes Helm's payloads, with Node's gzip. */
export const releaseCodec: ReleaseCodec = { open, close, editYaml };

function open(payload: string): OpenedPayload | undefined {
  const once = Buffer.from(payload, 'base64');
  const packed = isGzip(once) ? once : Buffer.from(once.toString('latin1'), 'base64');
  if (!isGzip(packed)) return undefined;
  try {
    const text = gunzipSync(packed, { maxOutputLength: maxOpenedBytes }).toString('utf8');
    return { text, base64Layers: packed === once ? 1 : 2 };
  } catch {
    return undefined; // Cut off, or too large.
  }
}

function close({ text, base64Layers }: OpenedPayload): string {
  const payload = gzipSync(text).toString('base64');
  return base64Layers === 1 ? payload : Buffer.from(payload).toString('base64');
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

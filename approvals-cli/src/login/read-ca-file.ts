import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';

/** The PEM bundle of `--ca-file`; undefined without one. Throws ERR_CONFIG_INVALID naming the file. */
export function readCaFile(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--ca-file ${file}: ${messageOf(cause)}`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new HoldpointError('ERR_CONFIG_INVALID', `--ca-file ${file}: no PEM certificate`);
}

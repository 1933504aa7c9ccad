import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { openEmbedded, openRemote, type OpenStore } from '@holdpoint/platform';

/** The flags that say which store it is. */
export interface StoreFlags {
  'data-dir': string;
  'clickhouse-url': string;
  'clickhouse-user': string;
  'clickhouse-password-file': string;
  'clickhouse-ca-file': string;
  'clickhouse-cluster': string;
}

/**
 * How the store is opened: on a server, where there is a URL, else within this process.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function storeOpener(flags: StoreFlags): () => Promise<OpenStore> {
  const { 'clickhouse-url': url, 'clickhouse-password-file': passwordFile, 'clickhouse-ca-file': caFile } = flags;
  if (url === '') {
    if (flags['clickhouse-cluster'] !== '') throw invalid('clickhouse-cluster', 'it needs --clickhouse-url');
    return () => openEmbedded(join(flags['data-dir'], 'store'));
  }
  if (!/^https?:\/\/[^/@?#]+\/?$/.test(url)) {
    throw invalid('clickhouse-url', 'expected http:// or https://, a host and a port, and no more');
  }
  const cluster = clusterOf(flags);
  const readPassword = (): string => (passwordFile === '' ? '' : read('clickhouse-password-file', passwordFile).trim());
  readPassword();
  const ca = caFile === '' ? undefined : Buffer.from(read('clickhouse-ca-file', caFile));
  return () => openRemote({ url, username: flags['clickhouse-user'], password: readPassword, ca, cluster });
}

/** The cluster's name, which stands in statements as it is. */
export function clusterOf({ 'clickhouse-cluster': cluster }: StoreFlags): string | undefined {
  if (cluster === '') return undefined;
  if (!/^[\w.-]{1,63}$/.test(cluster)) throw invalid('clickhouse-cluster', `"${cluster}" is no name of a cluster`);
  return cluster;
}

/** @throws HoldpointError ERR_CONFIG_INVALID for what is no number of days, or is longer than a hundred years */
export function retentionDaysOf(text: string): number {
  const days = Number(text);
  if (/^\d{1,5}$/.test(text) && days <= 36_500) return days;
  throw invalid('retention-days', `"${text}" is not a whole number of days, or 0 for ever`);
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(flag, `${file} cannot be read: ${messageOf(cause)}`, cause);
  }
}

function invalid(flag: string, why: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', `--${flag}: ${why}`, { cause });
}

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { Metrics } from '../metrics.ts';
import { createReloader, type Reloader } from '../reloader.ts';

/** A certificate chain and its key, as PEM. */
export interface TlsPair {
  cert: string;
  key: string;
}

/** What became of looking at the files. */
export type TlsReload =
  { result: 'started' | 'reloaded'; serialNumber: string; expiresAtMs: number } | { result: 'failed'; error: unknown };

/**
 * Reads a pair that can be served with.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the file, when one cannot be read or parsed, or the key is another
 * certificate's
 */
export function readTlsPair(certFile: string, keyFile: string): TlsPair {
  const pair = { cert: read(certFile), key: read(keyFile) };
  assertServable(pair, certFile, keyFile);
  return pair;
}

export interface TlsReloaderOptions {
  certFile: string;
  keyFile: string;
  /** What is being served with. */
  current: TlsPair;
  /** Serves with it from the next handshake on. */
  apply: (pair: TlsPair) => void;
  report: (reload: TlsReload) => void;
}

/** Follows the two files. A pair that does not load or match never replaces one that did. */
export function createTlsReloader({ certFile, keyFile, current, apply, report }: TlsReloaderOptions): Reloader {
  return createReloader({
    current,
    read: () => readTlsPair(certFile, keyFile),
    isSame: (one, other) => one.cert === other.cert && one.key === other.key,
    apply,
    onReload: (pair) => report({ result: 'reloaded', ...describe(pair) }),
    onFailure: (error) => report({ result: 'failed', error }),
  });
}

/** For the log and the metrics: whose certificate it is does not matter there, only which, and until when. */
export function describe({ cert }: Pick<TlsPair, 'cert'>): { serialNumber: string; expiresAtMs: number } {
  const { serialNumber, validTo } = new X509Certificate(cert);
  return { serialNumber, expiresAtMs: Date.parse(validTo) };
}

/** Counts what the reloader reports. */
export function createTlsMetrics(metrics: Metrics): (reload: TlsReload) => void {
  const expiry = metrics.gauge({
    name: 'holdpoint_tls_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is served with expires, in seconds since 1970.',
  });
  const reloads = metrics.counter({
    name: 'holdpoint_tls_reloads_total',
    help: 'Certificates found changed: taken (ok), or left aside because they cannot be served with (failed).',
    labels: ['result'],
  });
  return (reload) => {
    if (reload.result !== 'failed') expiry.set({}, reload.expiresAtMs / 1_000);
    if (reload.result !== 'started') reloads.add({ result: reload.result === 'reloaded' ? 'ok' : 'failed' });
  };
}

/**
 * Reads a PEM bundle of authorities.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the file, when there is no certificate in it
 */
export function readCaBundle(file: string): string {
  const text = read(file);
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const certificate of certificates) void new X509Certificate(certificate);
  } catch (cause) {
    throw invalid(`${file}: a certificate in it cannot be read: ${messageOf(cause)}`, cause);
  }
  if (certificates.length === 0) throw invalid(`${file}: expected PEM certificates, got none`);
  return text;
}

function assertServable({ cert, key }: TlsPair, certFile: string, keyFile: string): void {
  const certificate = parse(certFile, 'a PEM certificate', () => new X509Certificate(cert));
  const privateKey = parse(keyFile, 'a PEM private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw invalid(`${keyFile}: not the key of the certificate in ${certFile}; put both there together`);
  }
  parse(certFile, 'a certificate chain', () => createSecureContext({ cert, key }));
}

function parse<T>(file: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw invalid(`${file}: expected ${what}: ${messageOf(cause)}`, cause);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(`${file}: cannot be read: ${messageOf(cause)}`, cause);
  }
}

function invalid(message: string, cause?: unknown): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', message, { cause });
}

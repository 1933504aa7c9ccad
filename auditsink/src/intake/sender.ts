import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { HoldpointError } from '@holdpoint/core';
import { isSameSecret } from '../secret.ts';

/** Who may send to an endpoint. */
export interface SenderRules {
  /** Read for every request: tokens rotate. */
  tokenFile: string;
  /**
   * Whose certificate stands for the token, by common name, DNS name or URI; empty: anybody's that the authority vouches
   * for. Undefined: nobody's.
   */
  clientNames?: readonly string[] | undefined;
}

/** @throws HoldpointError ERR_TOKEN_INVALID */
export function requireSender(request: IncomingMessage, { tokenFile, clientNames }: SenderRules): void {
  if (clientNames !== undefined && request.socket instanceof TLSSocket && isClient(request.socket, clientNames)) return;
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!isSameSecret(given, readFileSync(tokenFile, 'utf8').trim())) {
    throw new HoldpointError('ERR_TOKEN_INVALID', 'neither the bearer token nor the certificate is this endpoint’s');
  }
}

/** `authorized` is the word of the TLS library: the chain leads to our authority, in time, and is for clients. */
function isClient(socket: TLSSocket, clientNames: readonly string[]): boolean {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  if (!socket.authorized || raw === undefined) return false;
  return clientNames.length === 0 || namesOf(raw).some((name) => clientNames.includes(name));
}

/** @param raw DER */
function namesOf(raw: Buffer): string[] {
  const { subject, subjectAltName = '' } = new X509Certificate(raw);
  const commonNames = [...subject.matchAll(/^CN=(.*)$/gm)].map(([, name = '']) => name);
  return [...commonNames, ...alternativeNames(subjectAltName)];
}

/**
 * The DNS names and URIs out of a text such as `DNS:a.example, URI:"spiffe://a, DNS:b"`. Read from its beginning and not
 * searched: what stands in quotes is a value, however it looks.
 */
export function alternativeNames(text: string): string[] {
  const names: string[] = [];
  const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  for (let match = entry.exec(text); match !== null && match[0] !== ''; match = entry.exec(text)) {
    const [, kind = '', value = ''] = match;
    if (kind === 'DNS' || kind === 'URI') names.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return names;
}

import { createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority } from '@holdpoint/local';

/** A real OIDC issuer over TLS, as far as whoever verifies tokens sees of one; several by their paths, with the same keys. */
export interface TokenIssuer {
  /** Without a path. */
  url: string;
  /** PEM: whom to trust for it. */
  ca: string;
  /** Signs with the newest key. A claim that is undefined is left out. */
  token(claims: object, options?: { path?: string; typ?: string; key?: SigningKey }): string;
  /** Signs with a new key from now on; the ones before stay published. */
  rotate(): void;
  /** Answers 500 while it is down. */
  setUp(up: boolean): void;
  /** How often its keys were asked for. */
  keyRequests(): number;
  close(): Promise<void>;
}

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

const lifetimeSeconds = 600;

/** A key of nobody’s: signed with, and published nowhere. */
export function createSigningKey(): SigningKey {
  return { kid: randomUUID(), privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
}

/** Starts one on a port of its own, with a certificate of `authority`. */
export async function startTokenIssuer(authority: Authority): Promise<TokenIssuer> {
  const { certificate, key } = await authority.issueServer('token-issuer');
  const published = new Map<string, object>();
  let up = true;
  let keyRequests = 0;
  let url = '';
  let newest: SigningKey;
  const rotate = (): void => {
    newest = createSigningKey();
    const jwk = createPublicKey(newest.privateKey).export({ format: 'jwk' });
    published.set(newest.kid, { ...jwk, kid: newest.kid, alg: 'ES256', use: 'sig' });
  };
  rotate();

  const server = createServer({ cert: certificate, key }, (request, response) => {
    const path = request.url ?? '';
    const discovery = /^(.*)\/\.well-known\/openid-configuration$/.exec(path);
    const isKeys = path === '/jwks';
    if (isKeys) keyRequests += 1;
    const body = isKeys
      ? { keys: [...published.values()] }
      : {
          issuer: url + (discovery?.[1] ?? ''),
          jwks_uri: `${url}/jwks`,
          authorization_endpoint: `${url}/authorize`,
          response_types_supported: ['id_token'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'],
        };
    response.writeHead(!up ? 500 : isKeys || discovery !== null ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  return {
    url,
    ca: authority.certificate,
    token(claims, { path = '', typ = 'JWT', key: by = newest } = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const payload = { iss: url + path, aud: 'holdpoint', iat: now, nbf: now, exp: now + lifetimeSeconds, ...claims };
      const text = [{ alg: 'ES256', typ, kid: by.kid }, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign('sha256', Buffer.from(text), { key: by.privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
    rotate,
    setUp: (now) => (up = now),
    keyRequests: () => keyRequests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

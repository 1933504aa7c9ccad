import { generateKeyPairSync, randomBytes, type JsonWebKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { HoldpointError } from '@holdpoint/core';
import type { StackFiles } from '../control-plane/files.ts';
import type { Leash } from '../process/leash.ts';
import { supervise, type Supervised } from '../process/supervised.ts';
import { audience, identities, type IssuedUser } from '../users.ts';

/** What the issuer's process is told. */
export interface IssuerConfiguration {
  url: string;
  port: number;
  certFile: string;
  keyFile: string;
  audience: string;
  tokenTtlSeconds: number;
  /** Of a token that somebody logged in for: they are renewed. */
  loginTtlSeconds: number;
  clients: { id: string; secret: string; groups: readonly string[] }[];
  /** Private, P-256. The stack's, not the process's: a restart must not make every token out there invalid. */
  signingKey: JsonWebKey;
}

export interface Issuer {
  child: Supervised;
  url: string;
  /** With these, whoever is on this machine may get tokens of their own; as name and password, log in, too. */
  clients: readonly { id: string; secret: string }[];
  /** A new access token, from the issuer's token endpoint. Each is a session of its own unless `sid` names one. */
  token(user: IssuedUser, options?: { sid?: string }): Promise<string>;
}

/** A working day: local kubeconfigs carry the token itself. */
const tokenTtlSeconds = 12 * 60 * 60;

/** Starts a real OIDC provider: JWT access tokens by client credentials, and a client that people log in by. */
export async function startIssuer(
  input: { folder: string; port: number; url: string; files: StackFiles; loginTtlSeconds: number },
  leash: Leash,
): Promise<Issuer> {
  const clients = Object.values(identities).map(({ name, groups }) => ({
    id: name,
    secret: randomBytes(24).toString('hex'),
    groups,
  }));
  const configuration: IssuerConfiguration = {
    url: input.url,
    port: input.port,
    certFile: input.files.issuer.cert,
    keyFile: input.files.issuer.key,
    audience,
    tokenTtlSeconds,
    loginTtlSeconds: input.loginTtlSeconds,
    clients,
    signingKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  };
  const file = join(input.folder, 'issuer.json');
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  const child = await supervise(
    {
      name: 'issuer',
      command: process.execPath,
      args: [join(import.meta.dirname, 'issuer-process.ts'), file],
      logFile: join(input.folder, 'logs', 'issuer.log'),
      disposable: true,
      probe: {
        url: `${input.url}/.well-known/openid-configuration`,
        ca: input.files.caPem,
        timeoutMs: 30_000,
      },
    },
    leash,
  );
  return {
    child,
    url: input.url,
    clients: clients.map(({ id, secret }) => ({ id, secret })),
    async token(user, options = {}) {
      const { name } = identities[user];
      const client = clients.find((each) => each.id === name);
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: name,
        client_secret: client?.secret ?? '',
        ...(options.sid === undefined ? {} : { sid: options.sid }),
      });
      return await requestToken(`${input.url}/token`, form, input.files.caPem);
    },
  };
}

function requestToken(url: string, form: URLSearchParams, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = form.toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
    const sent = request(url, { method: 'POST', ca, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const token =
          answer.statusCode === 200 ? (JSON.parse(text) as { access_token?: string }).access_token : undefined;
        if (token !== undefined) resolve(token);
        else reject(new HoldpointError('ERR_STACK_FAILED', `issuer: ${String(answer.statusCode)} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

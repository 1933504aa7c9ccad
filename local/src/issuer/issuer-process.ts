/** A real OIDC provider, run as a process of its own, with its configuration file as its only argument. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';
import type { IssuerConfiguration } from './issuer.ts';

const file = process.argv[2] ?? '';
const configuration = JSON.parse(readFileSync(file, 'utf8')) as IssuerConfiguration;
const groupsOf = new Map(configuration.clients.map((client) => [client.id, client.groups]));

const provider = new Provider(configuration.url, {
  jwks: { keys: [{ ...configuration.signingKey, alg: 'ES256', use: 'sig', kid: 'stack' }] },
  clients: configuration.clients.map((client) => ({
    client_id: client.id,
    client_secret: client.secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    token_endpoint_auth_method: 'client_secret_post',
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `urn:${configuration.audience}`,
      getResourceServerInfo: () => ({
        scope: '',
        audience: configuration.audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: configuration.tokenTtlSeconds,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  extraTokenClaims: (context, token) => ({
    groups: groupsOf.get(token.clientId ?? '') ?? [],
    // One token is one session of its holder, unless they say which one it belongs to.
    sid: sessionIn(context.oidc.body) ?? randomUUID(),
  }),
});

createServer(
  { cert: readFileSync(configuration.certFile), key: readFileSync(configuration.keyFile) },
  (request, response) => void provider.callback()(request, response),
).listen(configuration.port, '127.0.0.1');

function sessionIn(body: Record<string, unknown> | undefined): string | undefined {
  return typeof body?.['sid'] === 'string' ? body['sid'] : undefined;
}

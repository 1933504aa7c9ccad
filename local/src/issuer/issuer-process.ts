/** A real OIDC provider, run as a process of its own, with its configuration file as its only argument. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';
import { serveLogin } from './interaction.ts';
import { loginClient, loginClientMetadata } from './login-client.ts';
import type { IssuerConfiguration } from './issuer.ts';

const file = process.argv[2] ?? '';
const configuration = JSON.parse(readFileSync(file, 'utf8')) as IssuerConfiguration;
const groupsOf = new Map(configuration.clients.map((client) => [client.id, client.groups]));
const resource = `urn:${configuration.audience}`;

const provider: Provider = new Provider(configuration.url, {
  jwks: { keys: [{ ...configuration.signingKey, alg: 'ES256', use: 'sig', kid: 'stack' }] },
  clients: [
    ...configuration.clients.map((client) => ({
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256' as const,
      token_endpoint_auth_method: 'client_secret_post' as const,
    })),
    loginClientMetadata,
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  claims: { openid: ['sub', 'groups'] },
  // A Kubernetes API server reads the ID token alone, and asks no userinfo endpoint.
  conformIdTokenClaims: false,
  ttl: { IdToken: configuration.loginTtlSeconds, DeviceCode: 600 },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, groups: [...(groupsOf.get(id) ?? [])] }),
  }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, _resource, client) => ({
        scope: '',
        audience: configuration.audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL:
          client.clientId === loginClient.id ? configuration.loginTtlSeconds : configuration.tokenTtlSeconds,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  // Whoever logs in has agreed: there is one client, and it is ours.
  loadExistingGrant: async (context) => {
    const { client, session } = context.oidc;
    const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
    grant.addOIDCScope('openid offline_access');
    await grant.save();
    return grant;
  },
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  // One that is used twice ends the login, as a careful issuer has it.
  rotateRefreshToken: () => true,
  extraTokenClaims: (context, token) => ({
    groups: groupsOf.get(('accountId' in token ? token.accountId : token.clientId) ?? '') ?? [],
    // One token is one session of its holder, unless they say which one it belongs to; a login is one, however often renewed.
    sid: ('grantId' in token ? token.grantId : undefined) ?? sessionIn(context.oidc.body) ?? randomUUID(),
  }),
});

// For the log: how often who was given what.
provider.on('grant.success', ({ oidc }) => {
  process.stdout.write(`granted ${String(oidc.params?.['grant_type'])} to ${oidc.client?.clientId ?? ''}\n`);
});

const login = serveLogin(provider, new Map(configuration.clients.map(({ id, secret }) => [id, secret])));
createServer(
  { cert: readFileSync(configuration.certFile), key: readFileSync(configuration.keyFile) },
  (request, response) => {
    if (!login(request, response)) void provider.callback()(request, response);
  },
).listen(configuration.port, '127.0.0.1');

function sessionIn(body: Record<string, unknown> | undefined): string | undefined {
  return typeof body?.['sid'] === 'string' ? body['sid'] : undefined;
}

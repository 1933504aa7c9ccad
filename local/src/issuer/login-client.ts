import type { ClientMetadata } from 'oidc-provider';

/** The client that people and agents log in by: public, as a program on somebody's own machine is. */
export const loginClient = { id: 'holdpoint-cli' } as const;

/** Source: RFC 8252 (native apps: any port of the loopback address), RFC 8628 (device code). */
export const loginClientMetadata: ClientMetadata = {
  client_id: loginClient.id,
  client_name: 'approvals',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  token_endpoint_auth_method: 'none',
  id_token_signed_response_alg: 'ES256',
};

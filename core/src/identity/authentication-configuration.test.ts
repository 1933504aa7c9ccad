import { expect, test } from '@jest/globals';
import { parseAuthenticationConfiguration } from './authentication-configuration.ts';

const jwt = {
  issuer: { url: 'https://issuer.example/', audiences: ['holdpoint'] },
  claimMappings: { username: { claim: 'sub', prefix: '' } },
};
const file = (more: object = {}): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [{ ...jwt, ...more }],
});

test('reads what it supports', () => {
  const issuer = {
    ...jwt.issuer,
    discoveryURL: 'https://other/x',
    certificateAuthority: 'PEM',
    audienceMatchPolicy: 'MatchAny',
  };
  const claimMappings = { username: { claim: 'sub', prefix: 'a:' }, groups: { claim: 'g', prefix: '' } };
  const claimValidationRules = [{ claim: 'hd', requiredValue: 'x' }, { claim: 'empty' }];
  expect(parseAuthenticationConfiguration(file({ issuer, claimMappings, claimValidationRules }))).toEqual([
    {
      issuer: {
        url: jwt.issuer.url,
        discoveryUrl: 'https://other/x',
        audiences: ['holdpoint'],
        certificateAuthority: 'PEM',
      },
      username: { claim: 'sub', prefix: 'a:' },
      groups: { claim: 'g', prefix: '' },
      requiredClaims: [
        { claim: 'hd', value: 'x' },
        { claim: 'empty', value: '' },
      ],
    },
  ]);
  expect(parseAuthenticationConfiguration(file())[0]?.issuer.discoveryUrl).toBe(
    'https://issuer.example/.well-known/openid-configuration',
  );
});

test.each<[string, unknown, string]>([
  ['nothing', null, 'the document: expected an object'],
  ['another kind', { ...file(), kind: 'X' }, 'kind: expected AuthenticationConfiguration'],
  ['another version', { ...file(), apiVersion: 'v1' }, 'apiVersion: expected apiserver.config.k8s.io/v1'],
  ['anonymous access', { ...file(), anonymous: { enabled: true } }, 'anonymous: not supported; supported here:'],
  ['no issuers', { ...file(), jwt: [] }, 'jwt: expected at least one issuer'],
  ['an issuer twice', { ...file(), jwt: [jwt, jwt] }, 'jwt[1].issuer.url: another entry has this issuer already'],
  ['plain http', file({ issuer: { ...jwt.issuer, url: 'http://issuer' } }), 'jwt[0].issuer.url: expected an https URL'],
  ['no audience', file({ issuer: { ...jwt.issuer, audiences: [] } }), 'jwt[0].issuer.audiences: expected at least one'],
  [
    'no prefix',
    file({ claimMappings: { username: { claim: 'sub' } } }),
    'jwt[0].claimMappings.username.prefix: expected a string',
  ],
  [
    'CEL',
    file({ claimMappings: { username: { expression: 'x' } } }),
    'jwt[0].claimMappings.username.expression: not supported',
  ],
  [
    'extra mappings',
    file({ claimMappings: { ...jwt.claimMappings, extra: [] } }),
    'jwt[0].claimMappings.extra: not supported',
  ],
  [
    'CEL rules',
    file({ claimValidationRules: [{ expression: 'x' }] }),
    'jwt[0].claimValidationRules[0].expression: not supported',
  ],
  ['user rules', file({ userValidationRules: [] }), 'jwt[0].userValidationRules: not supported'],
])('refuses %s, by its path', (_situation, value, want) => {
  expect(() => parseAuthenticationConfiguration(value)).toThrow(want);
});

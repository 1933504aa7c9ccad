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
const mapped = (more: object): object => file({ claimMappings: { ...jwt.claimMappings, ...more } });
const issued = (more: object): object => file({ issuer: { ...jwt.issuer, ...more } });
const username = (expression: string, more: object = {}): object =>
  file({ claimMappings: { username: { expression } }, ...more });

test('reads every field there is', () => {
  const [first, second] = parseAuthenticationConfiguration({
    ...file(),
    anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    jwt: [
      {
        issuer: {
          url: 'https://issuer.example/',
          discoveryURL: 'https://other/x',
          audiences: ['a', 'b'],
          certificateAuthority: '-----BEGIN CERTIFICATE-----\n',
          audienceMatchPolicy: 'MatchAny',
        },
        claimMappings: {
          username: { claim: 'sub', prefix: 'a:' },
          groups: { claim: 'g', prefix: '' },
          uid: { claim: 'oid' },
          extra: [{ key: 'holdpoint.dev/session', valueExpression: 'claims.run_id' }],
        },
        claimValidationRules: [{ claim: 'hd', requiredValue: 'x' }, { claim: 'empty' }],
        userValidationRules: [{ expression: "user.username != ''", message: 'no name' }],
      },
      { ...jwt, issuer: { ...jwt.issuer, url: 'https://second/path' } },
    ],
  });
  expect(first).toMatchObject({
    issuer: {
      url: 'https://issuer.example/',
      discoveryUrl: 'https://other/x',
      audiences: ['a', 'b'],
      certificateAuthority: '-----BEGIN CERTIFICATE-----\n',
    },
    mappings: {
      username: { claim: 'sub', prefix: 'a:' },
      groups: { claim: 'g', prefix: '' },
      uid: { claim: 'oid', prefix: '' },
      extra: [{ key: 'holdpoint.dev/session' }],
    },
    claimRules: [
      { claim: 'hd', value: 'x' },
      { claim: 'empty', value: '' },
    ],
    userRules: [{ message: 'no name' }],
  });
  expect(second?.issuer.discoveryUrl).toBe('https://second/path/.well-known/openid-configuration');
});

test.each<[string, object]>([
  ['a discovery document below the issuer', file()],
  [
    'an email that a claim rule has verified',
    username('claims.email', {
      claimValidationRules: [{ expression: 'claims.?email_verified.orValue(true) == true' }],
    }),
  ],
  ['an email that the expression itself looks at', username('claims.email_verified == true ? claims.email : ""')],
  ['a claim of dots, by its escaped name', username('claims.kubernetes__dot__io.namespace')],
  ['a claim of dots, by its index', username('claims["kubernetes.io"].namespace')],
  ['groups that may be null', mapped({ groups: { expression: 'has(claims.roles) ? claims.roles : null' } })],
  ['empty mappings, as written by a program', mapped({ groups: {}, uid: {} })],
  ['an extra of somebody else', mapped({ extra: [{ key: 'example.org/tenant', valueExpression: 'claims.t' }] })],
])('takes %s', (_situation, value) => {
  expect(parseAuthenticationConfiguration(value)).toHaveLength(1);
});

test.each<[string, unknown, string]>([
  ['nothing', null, 'the document: expected an object'],
  ['another kind', { ...file(), kind: 'X' }, 'kind: expected AuthenticationConfiguration'],
  ['another version', { ...file(), apiVersion: 'v1' }, 'apiVersion: expected apiserver.config.k8s.io/v1'],
  [
    'an unknown field',
    { ...file(), jwts: [] },
    'jwts: not supported; supported here: apiVersion, kind, jwt, anonymous',
  ],
  [
    'conditions of no anonymous access',
    { ...file(), anonymous: { enabled: false, conditions: [{}] } },
    'anonymous.conditions: enabled should',
  ],
  ['an issuer twice', { ...file(), jwt: [jwt, jwt] }, 'jwt[1].issuer.url: "https://issuer.example/" is there already'],
  [
    '65 issuers',
    {
      ...file(),
      jwt: Array.from({ length: 65 }, (_, i) => ({ ...jwt, issuer: { ...jwt.issuer, url: `https://i${String(i)}` } })),
    },
    'jwt: expected at most 64',
  ],
  ['plain http', issued({ url: 'http://issuer' }), 'jwt[0].issuer.url: expected an https URL'],
  ['an issuer with a password', issued({ url: 'https://a:b@issuer' }), 'jwt[0].issuer.url: expected an https URL'],
  ['no audience', issued({ audiences: [] }), 'jwt[0].issuer.audiences: expected at least one'],
  [
    'an audience twice',
    issued({ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' }),
    'jwt[0].issuer.audiences[1]: "a" is there already',
  ],
  [
    'two audiences and no policy',
    issued({ audiences: ['a', 'b'] }),
    'jwt[0].issuer.audienceMatchPolicy: expected MatchAny with more than one audience',
  ],
  [
    'another audience policy',
    issued({ audienceMatchPolicy: 'MatchAll' }),
    'jwt[0].issuer.audienceMatchPolicy: expected MatchAny',
  ],
  [
    'a discovery document at the issuer’s own URL',
    issued({ discoveryURL: 'https://issuer.example' }),
    'jwt[0].issuer.discoveryURL: must be different from url',
  ],
  [
    'an authority that is no certificate',
    issued({ certificateAuthority: 'PEM' }),
    'jwt[0].issuer.certificateAuthority: expected certificates as PEM',
  ],
  ['an egress selector', issued({ egressSelectorType: 'cluster' }), 'jwt[0].issuer.egressSelectorType: not supported'],
  ['no username', file({ claimMappings: {} }), 'jwt[0].claimMappings.username: claim or expression is required'],
  [
    'no prefix',
    file({ claimMappings: { username: { claim: 'sub' } } }),
    'jwt[0].claimMappings.username.prefix: expected a string',
  ],
  [
    'claim and expression',
    file({ claimMappings: { username: { claim: 'sub', expression: 'claims.sub' } } }),
    "jwt[0].claimMappings.username: claim and expression can't both be set",
  ],
  [
    'a prefix of an expression',
    file({ claimMappings: { username: { prefix: '', expression: 'claims.sub' } } }),
    'jwt[0].claimMappings.username.prefix: may not be specified',
  ],
  ['CEL that does not parse', username('claims.'), 'jwt[0].claimMappings.username.expression: CEL does not parse'],
  [
    'an unknown variable',
    username('claim.sub'),
    'jwt[0].claimMappings.username.expression: CEL does not compile: Unknown variable: claim; available: claims',
  ],
  [
    'a username that is a number',
    username('1 + 1'),
    'jwt[0].claimMappings.username.expression: must yield string or dyn, and this yields int',
  ],
  ['a username that is a list', username('["a"]'), 'and this yields list'],
  [
    'an email that nobody has verified',
    username('claims.email'),
    'jwt[0].claimMappings.username.expression: claims.email_verified must be used',
  ],
  ['the same, as an optional', username('claims.?email.orValue("")'), 'claims.email_verified must be used'],
  [
    'a uid that is a bool',
    mapped({ uid: { expression: 'true' } }),
    'jwt[0].claimMappings.uid.expression: must yield string',
  ],
  [
    'an extra without a domain',
    mapped({ extra: [{ key: 'foo', valueExpression: '"a"' }] }),
    'jwt[0].claimMappings.extra[0].key: expected a domain-prefixed path',
  ],
  [
    'an extra in capitals',
    mapped({ extra: [{ key: 'example.org/Foo', valueExpression: '"a"' }] }),
    'jwt[0].claimMappings.extra[0].key: must be lowercase',
  ],
  ['an extra of Kubernetes', mapped({ extra: [{ key: 'a.k8s.io/b', valueExpression: '"a"' }] }), 'are reserved'],
  [
    'an extra that is the proxy’s own word',
    mapped({ extra: [{ key: 'holdpoint.dev/request', valueExpression: '"a"' }] }),
    'of holdpoint.dev, a token may set holdpoint.dev/session and holdpoint.dev/on-behalf-of alone',
  ],
  [
    'an extra twice',
    mapped({ extra: [1, 2].map(() => ({ key: 'a.b/c', valueExpression: '"a"' })) }),
    'jwt[0].claimMappings.extra[1].key: "a.b/c" is there already',
  ],
  [
    'an extra without a value',
    mapped({ extra: [{ key: 'a.b/c' }] }),
    'jwt[0].claimMappings.extra[0].valueExpression: expected a non-empty string',
  ],
  [
    'a rule of neither claim nor expression',
    file({ claimValidationRules: [{}] }),
    'jwt[0].claimValidationRules[0]: claim or expression is required',
  ],
  [
    'a rule of both',
    file({ claimValidationRules: [{ claim: 'a', expression: 'true' }] }),
    "jwt[0].claimValidationRules[0]: claim and expression can't both be set",
  ],
  [
    'a message of a claim',
    file({ claimValidationRules: [{ claim: 'a', message: 'm' }] }),
    'jwt[0].claimValidationRules[0].message: may not',
  ],
  [
    'a required value of an expression',
    file({ claimValidationRules: [{ expression: 'true', requiredValue: 'x' }] }),
    'jwt[0].claimValidationRules[0].requiredValue: may not',
  ],
  [
    'a rule twice',
    file({ claimValidationRules: [{ claim: 'a' }, { claim: 'a' }] }),
    'jwt[0].claimValidationRules[1]: "claim a" is there already',
  ],
  [
    'a rule that yields what only a token tells',
    file({ claimValidationRules: [{ expression: 'claims.ok' }] }),
    'jwt[0].claimValidationRules[0].expression: must yield bool, and this yields dyn; compare it, as in "… == true"',
  ],
  [
    'a user rule about claims',
    file({ userValidationRules: [{ expression: 'claims.sub == ""' }] }),
    'jwt[0].userValidationRules[0].expression: CEL does not compile: Unknown variable: claims; available: user',
  ],
  [
    'a user rule about a field that users have not',
    file({ userValidationRules: [{ expression: 'user.usrname == ""' }] }),
    'jwt[0].userValidationRules[0].expression: CEL does not compile: undefined field user.usrname',
  ],
  [
    'a user rule with a pattern that could run away',
    file({ userValidationRules: [{ expression: 'user.username.matches("(")' }] }),
    'jwt[0].userValidationRules[0].expression: CEL does not compile',
  ],
])('refuses %s, by its path', (_situation, value, want) => {
  expect(() => parseAuthenticationConfiguration(value)).toThrow(want);
});

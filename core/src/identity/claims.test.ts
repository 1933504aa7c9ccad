import { expect, test } from '@jest/globals';
import type { JsonObject } from '../kubernetes/object.ts';
import { parseAuthenticationConfiguration, type JwtAuthenticator } from './authentication-configuration.ts';
import { userInfoOf } from './claims.ts';

function authenticatorOf(claimMappings: object, more: object = {}): JwtAuthenticator {
  const issuer = { url: 'https://issuer', audiences: ['a'] };
  const [authenticator] = parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [{ issuer, claimMappings, ...more }],
  });
  return authenticator as JwtAuthenticator;
}

const required = { claimValidationRules: [{ claim: 'env', requiredValue: 'prod' }] };
const prefixed = authenticatorOf(
  { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'groups', prefix: 'idp:' }, uid: { claim: 'env' } },
  required,
);
const bare = authenticatorOf(
  { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } },
  required,
);
const claims: JsonObject = { sub: 'coding-agent', env: 'prod' };
const session = 'holdpoint.dev/session';
const principal = 'holdpoint.dev/on-behalf-of';
const credential = { 'authentication.kubernetes.io/credential-id': ['JTI=j'] };

test.each<[string, JsonObject, object]>([
  ['a username', {}, {}],
  ['groups', { groups: ['a', 'b', ''] }, { groups: ['idp:a', 'idp:b'] }],
  ['one group as a string', { groups: 'a' }, { groups: ['idp:a'] }],
  ['no groups', { groups: null }, {}],
  ['a session', { sid: 's', jti: 'j' }, { extra: { ...credential, [session]: ['s'] } }],
  ['a session by the token itself', { jti: 'j' }, { extra: { ...credential, [session]: ['j'] } }],
  ['a person behind the agent', { on_behalf_of: 'carol' }, { extra: { [principal]: ['oidc:carol'] } }],
  ['a delegation (RFC 8693)', { act: { sub: 'agent' } }, { extra: { [principal]: ['oidc:coding-agent'] } }],
])('maps %s', (_situation, more, want) => {
  const user = userInfoOf({ ...claims, ...more }, prefixed);
  expect(user).toEqual({ username: 'oidc:coding-agent', uid: 'prod', groups: [], extra: {}, ...want });
});

test.each<[string, JsonObject, string]>([
  ['no username', { sub: null }, 'the claim sub is missing or not a string'],
  ['an empty username', { sub: '' }, 'the claim sub is missing or not a string'],
  ['a username that is a list', { sub: ['a'] }, 'the claim sub is missing or not a string'],
  ['a username of the system', { sub: 'system:admin' }, 'the claim sub would become a name of the system: space'],
  ['the same in capitals', { sub: 'System:admin' }, 'the claim sub would become a name of the system: space'],
  ['a group of the system', { groups: ['a', 'system:masters'] }, 'the claim groups would become a name of the system:'],
  ['groups that are no strings', { groups: [1] }, 'the claim groups is neither a string nor a list of strings'],
  ['groups kept elsewhere', { _claim_names: { groups: 's' } }, 'the claim groups is a distributed claim'],
  ['a username that a header would trim', { sub: 'admin ' }, 'the claim sub has a control character, or white space'],
  [
    'a username with a line break',
    { sub: 'a\r\nb' },
    'the claim sub has a control character, or white space at an end',
  ],
  ['a missing required claim', { env: null }, 'the claim env has not the required value'],
  ['a required claim of another value', { env: 'dev' }, 'the claim env has not the required value'],
  ['a session that is a text', { sid: 'x'.repeat(257) }, 'the session has more than 256 characters'],
  ['a session that would end a header', { sid: 'a\nb' }, 'the session has a control character'],
  ['a principal that would end a header', { on_behalf_of: 'a\nb' }, 'the person acted for has a control character'],
])('refuses %s', (_situation, more, want) => {
  expect(() => userInfoOf({ ...claims, ...more }, bare)).toThrow(want);
});

test('refuses an e-mail address as a username that its issuer has not verified', () => {
  const byMail = authenticatorOf({ username: { claim: 'email', prefix: '' } });
  const mail = { ...claims, email: 'a@b.c' };
  expect(userInfoOf(mail, byMail).username).toBe('a@b.c');
  expect(() => userInfoOf({ ...mail, email_verified: false }, byMail)).toThrow('the claim email_verified is not true');
});

const byExpression = authenticatorOf(
  {
    username: { expression: '"ci:" + claims.sub' },
    groups: { expression: 'has(claims.roles) ? claims.roles : null' },
    uid: { expression: 'has(claims.oid) ? claims.oid : ""' },
    extra: [
      { key: session, valueExpression: 'has(claims.run_id) ? string(claims.run_id) : ""' },
      { key: principal, valueExpression: 'claims.?act.sub.orValue("")' },
      { key: 'example.org/tenants', valueExpression: '["a", "", "b"]' },
    ],
  },
  {
    claimValidationRules: [
      { expression: '!has(claims.exp) || claims.exp - claims.nbf <= 86400', message: 'it lives longer than a day' },
    ],
    userValidationRules: [
      { expression: "!user.username.endsWith('!')", message: 'no shouting' },
      { expression: "user.groups.all(g, g != 'banned')" },
    ],
  },
);

test.each<[string, JsonObject, object]>([
  ['a username', {}, {}],
  ['groups of a list', { roles: ['a', ''] }, { groups: ['a'] }],
  ['groups of one string', { roles: 'a' }, { groups: ['a'] }],
  ['a uid', { oid: 'u-1' }, { uid: 'u-1' }],
  ['a rule over times', { nbf: 1_700_000_000, exp: 1_700_000_300 }, {}],
  ['a session', { run_id: 'r-1', sid: 'unused' }, { extra: { [session]: ['r-1'] } }],
  ['no session where the mapping yields none: the claim', { sid: 's' }, { extra: { [session]: ['s'] } }],
  ['a person behind the agent', { act: { sub: 'carol' } }, { extra: { [principal]: ['carol'] } }],
])('maps by expression: %s', (_situation, more, want) => {
  const { extra, ...user } = userInfoOf({ sub: 'a', ...more }, byExpression);
  const tenants = { 'example.org/tenants': ['a', 'b'] };
  expect({ ...user, extra }).toEqual({
    username: 'ci:a',
    groups: [],
    ...want,
    extra: { ...tenants, ...('extra' in want ? (want.extra as object) : {}) },
  });
});

test.each<[string, JsonObject, string]>([
  [
    'a claim that is not there',
    { sub: undefined as never },
    'jwt[0].claimMappings.username.expression: No such key: sub',
  ],
  ['a claim of another type', { sub: 1 }, 'jwt[0].claimMappings.username.expression: '],
  [
    'groups that are no strings',
    { roles: [1] },
    'jwt[0].claimMappings.groups.expression is neither a string nor a list',
  ],
  [
    'a group of the system',
    { roles: 'system:masters' },
    'jwt[0].claimMappings.groups.expression would become a name of',
  ],
  ['a claim rule', { nbf: 0, exp: 86_401 }, 'jwt[0].claimValidationRules[0].expression is not true: it lives longer'],
  ['a claim rule that runs into an error', { exp: 1 }, 'jwt[0].claimValidationRules[0].expression: No such key: nbf'],
  ['a user rule', { sub: 'a!' }, 'jwt[0].userValidationRules[0].expression is not true: no shouting'],
  ['a user rule without words', { roles: ['banned'] }, 'jwt[0].userValidationRules[1].expression is not true'],
])('refuses by expression: %s', (_situation, more, want) => {
  const all = JSON.parse(JSON.stringify({ sub: 'a', ...more })) as JsonObject;
  expect(() => userInfoOf(all, byExpression)).toThrow(want);
});

test('a username of the system, whichever way it was mapped, is refused', () => {
  const authenticator = authenticatorOf({ username: { expression: '"system:" + claims.sub' } });
  expect(() => userInfoOf({ sub: 'masters' }, authenticator)).toThrow('would become a name of the system: space');
  const byPrefix = authenticatorOf({ username: { claim: 'sub', prefix: 'system:' } });
  expect(() => userInfoOf({ sub: 'masters' }, byPrefix)).toThrow('would become a name of the system: space');
});

test('an expression that costs too much is refused, and so are those after it', () => {
  const list = Array.from({ length: 2_000 }, (_, i) => i);
  const authenticator = authenticatorOf({
    username: { expression: 'claims.l.all(x, claims.l.all(y, x + y >= 0.0)) ? "a" : "b"' },
  });
  expect(() => userInfoOf({ l: list }, authenticator)).toThrow('costs too much');
});

test('other session claims, in their order; none at all', () => {
  const runs = { ...claims, jti: 'j', run_id: 'r' };
  expect(userInfoOf(runs, bare, ['run_id', 'jti']).extra[session]).toEqual(['r']);
  expect(userInfoOf(runs, bare, []).extra[session]).toBeUndefined();
});

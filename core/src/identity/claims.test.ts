import { expect, test } from '@jest/globals';
import type { JsonObject } from '../kubernetes/object.ts';
import type { JwtAuthenticator } from './authentication-configuration.ts';
import { userInfoOf } from './claims.ts';

const authenticator: JwtAuthenticator = {
  issuer: { url: 'https://issuer', discoveryUrl: 'https://issuer/x', audiences: ['a'] },
  username: { claim: 'sub', prefix: 'oidc:' },
  groups: { claim: 'groups', prefix: 'idp:' },
  requiredClaims: [{ claim: 'env', value: 'prod' }],
};
const bare: JwtAuthenticator = {
  ...authenticator,
  username: { claim: 'sub', prefix: '' },
  groups: { claim: 'groups', prefix: '' },
};
const claims: JsonObject = { sub: 'coding-agent', env: 'prod' };
const session = 'holdpoint.dev/session';
const principal = 'holdpoint.dev/on-behalf-of';

test.each<[string, JsonObject, object]>([
  ['a username', {}, {}],
  ['groups', { groups: ['a', 'b', ''] }, { groups: ['idp:a', 'idp:b'] }],
  ['one group as a string', { groups: 'a' }, { groups: ['idp:a'] }],
  ['no groups', { groups: null }, {}],
  ['a session', { sid: 's', jti: 'j' }, { extra: { [session]: ['s'] } }],
  ['a session by the token itself', { jti: 'j' }, { extra: { [session]: ['j'] } }],
  ['a person behind the agent', { on_behalf_of: 'carol' }, { extra: { [principal]: ['oidc:carol'] } }],
  ['a delegation (RFC 8693)', { act: { sub: 'agent' } }, { extra: { [principal]: ['oidc:coding-agent'] } }],
])('maps %s', (_situation, more, want) => {
  const user = userInfoOf({ ...claims, ...more }, authenticator);
  expect(user).toEqual({ username: 'oidc:coding-agent', groups: [], extra: {}, ...want });
});

test.each<[string, JsonObject, string]>([
  ['no username', { sub: null }, 'the claim sub is missing or not a string'],
  ['an empty username', { sub: '' }, 'the claim sub is missing or not a string'],
  ['a username that is a list', { sub: ['a'] }, 'the claim sub is missing or not a string'],
  ['a username of the system', { sub: 'system:admin' }, 'the claim sub would become a name of the system: space'],
  ['the same in capitals', { sub: 'System:admin' }, 'the claim sub would become a name of the system: space'],
  [
    'a group of the system',
    { groups: ['a', 'system:masters'] },
    'the claim groups would become a name of the system: space',
  ],
  ['groups that are no strings', { groups: [1] }, 'the claim groups is neither a string nor a list of strings'],
  [
    'a username that a header would trim',
    { sub: 'admin ' },
    'the claim sub has a control character, or white space at an end',
  ],
  [
    'a username with a line break',
    { sub: 'a\r\nb' },
    'the claim sub has a control character, or white space at an end',
  ],
  ['a missing required claim', { env: null }, 'the claim env has not the required value'],
  ['a required claim of another value', { env: 'dev' }, 'the claim env has not the required value'],
])('refuses %s', (_situation, more, want) => {
  expect(() => userInfoOf({ ...claims, ...more }, bare)).toThrow(want);
});

test('refuses an e-mail address as a username that its issuer has not verified', () => {
  const byMail = { ...bare, username: { claim: 'email', prefix: '' } };
  const mail = { ...claims, email: 'a@b.c' };
  expect(userInfoOf(mail, byMail).username).toBe('a@b.c');
  expect(() => userInfoOf({ ...mail, email_verified: false }, byMail)).toThrow('the claim email_verified is not true');
});

import { expect, test } from '@jest/globals';
import { takeClientHeaders } from './client-headers.ts';

const token = ['Authorization', 'Bearer a.b.c'];

test('takes the token and what may go on, and leaves the rest', () => {
  const more = [
    'Accept',
    'application/json',
    'Cookie',
    'a=b',
    'Origin',
    'https://x',
    'Audit-ID',
    'mine',
    'Connection',
    'close',
  ];
  const hops = [
    'Transfer-Encoding',
    'chunked',
    'X-Forwarded-For',
    '1.2.3.4',
    'Kubectl-Command',
    'kubectl get',
    'accept',
    'text/plain',
  ];
  expect(takeClientHeaders([...token, ...more, ...hops])).toEqual({
    token: 'a.b.c',
    headers: { accept: 'application/json, text/plain', 'kubectl-command': 'kubectl get' },
  });
});

test.each([
  [
    'impersonation',
    [...token, 'Impersonate-User', 'admin'],
    403,
    "the header impersonate-user is not the client's to set",
  ],
  [
    'impersonated extras',
    [...token, 'IMPERSONATE-Extra-Holdpoint.dev%2fSession', 'x'],
    403,
    "the header impersonate-extra-holdpoint.dev%2fsession is not the client's to set",
  ],
  [
    'a front proxy’s word',
    [...token, 'X-Remote-Group', 'system:masters'],
    403,
    "the header x-remote-group is not the client's to set",
  ],
  ['two Authorization headers', [...token, 'authorization', 'Bearer x'], 400, 'more than one Authorization header'],
  ['no Authorization header', ['Accept', '*/*'], 401, 'Unauthorized'],
  ['a password', ['Authorization', 'Basic YTpi'], 401, 'Unauthorized'],
  ['an empty token', ['Authorization', 'Bearer '], 401, 'Unauthorized'],
  ['two tokens in one header', ['Authorization', 'Bearer a, Bearer b'], 401, 'Unauthorized'],
  ['two content types', [...token, 'Content-Type', 'a', 'content-type', 'b'], 400, 'more than one content-type header'],
])('refuses %s', (_situation, headers, code, message) => {
  expect(takeClientHeaders(headers)).toMatchObject({ refused: { code, message } });
});

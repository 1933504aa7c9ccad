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
    framing: { contentLength: undefined, transferEncoding: 'chunked' },
    hasHost: false,
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
  [
    'impersonation in another spelling',
    [...token, 'Impersonate_User', 'admin'],
    403,
    "the header impersonate_user is not the client's to set",
  ],
  [
    'another method',
    [...token, 'X-HTTP-Method-Override', 'DELETE'],
    400,
    'the header x-http-method-override asks for another request than the request line does',
  ],
  [
    'another URL',
    [...token, 'X-Original-URL', '/api/v1/secrets'],
    400,
    'the header x-original-url asks for another request than the request line does',
  ],
  ['two hosts', [...token, 'Host', 'a', 'host', 'b'], 400, 'more than one Host header'],
  ['two lengths', [...token, 'Content-Length', '1', 'content-length', '1'], 400, 'more than one Content-Length header'],
  [
    'a connection that takes the token away',
    [...token, 'Connection', 'keep-alive, Authorization'],
    400,
    'the Connection header names authorization',
  ],
  [
    'an upgrade to HTTP/2 in the clear',
    [...token, 'Connection', 'Upgrade, HTTP2-Settings', 'Upgrade', 'h2c'],
    400,
    'the Connection header names http2-settings',
  ],
  ['a control character', [...token, 'Accept', 'a\x0bb'], 400, 'the header accept has a control character'],
  [
    'more headers than anybody sends',
    [...token, ...Array.from({ length: 256 }, () => ['X-Filler', 'a']).flat()],
    431,
    'more than 256 headers',
  ],
  ['two content types', [...token, 'Content-Type', 'a', 'content-type', 'b'], 400, 'more than one content-type header'],
])('refuses %s', (_situation, headers, code, message) => {
  expect(takeClientHeaders(headers)).toMatchObject({ refused: { code, message } });
});

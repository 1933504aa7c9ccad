import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { receive } from './proxy-request.ts';

test.each([
  { situation: 'a UUID, as kubectl sends it', session: '0b7e4c1e-6f1c-4c0e-9d3f-2f1f0a9f3a11', want: true },
  { situation: 'none', session: undefined, want: false },
  { situation: 'an empty one', session: '', want: false },
  { situation: 'a text', session: 'password is hunter2', want: false },
  { situation: 'bytes that are no ASCII', session: 'gr\u00f6sse', want: false },
  { situation: 'a longer one than any id', session: 'a'.repeat(65), want: false },
])('the invocation: $situation', ({ session, want }) => {
  const rawHeaders = ['Authorization', 'Bearer a', ...(session === undefined ? [] : ['Kubectl-Session', session])];
  const received = receive({ method: 'GET', url: '/api/v1/pods', rawHeaders } as IncomingMessage);
  expect(received).toMatchObject({ token: 'a' });
  expect('invocation' in received ? received.invocation : undefined).toBe(want ? session : undefined);
});

const asked = (more: Partial<IncomingMessage>): IncomingMessage =>
  ({
    method: 'GET',
    url: '/api/v1/pods',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'proxy', 'Authorization', 'Bearer a'],
    ...more,
  }) as IncomingMessage;
const withHeaders = (...headers: string[]): string[] => ['Host', 'proxy', 'Authorization', 'Bearer a', ...headers];

test.each<[string, Partial<IncomingMessage>, number, string]>([
  ['a method that Kubernetes has not', { method: 'TRACE' }, 405, 'the method TRACE is not served'],
  ['a method in lower case', { method: 'get' }, 405, 'the method get is not served'],
  ['no Host', { rawHeaders: ['Authorization', 'Bearer a'] }, 400, 'the request has no Host header'],
  ['a URL of two readings', { url: '/api/v1//pods' }, 400, "the request's URL is refused: its path has a double slash"],
  [
    'a length and chunks',
    { method: 'POST', rawHeaders: withHeaders('Content-Length', '5', 'Transfer-Encoding', 'chunked') },
    400,
    'the request has a Content-Length and a Transfer-Encoding',
  ],
  [
    'a coding within the chunks',
    { method: 'POST', rawHeaders: withHeaders('Transfer-Encoding', 'gzip, chunked') },
    400,
    'only the Transfer-Encoding chunked is served',
  ],
  [
    'chunks in HTTP/1.0',
    { method: 'POST', httpVersion: '1.0', rawHeaders: withHeaders('Transfer-Encoding', 'chunked') },
    400,
    'HTTP/1.0 knows no Transfer-Encoding',
  ],
  [
    'a length that is no number',
    { method: 'POST', rawHeaders: withHeaders('Content-Length', '+5') },
    400,
    'the Content-Length is no number',
  ],
  ['a GET with a body', { rawHeaders: withHeaders('Content-Length', '5') }, 400, 'a GET has no body'],
  [
    'a HEAD with a body',
    { method: 'HEAD', rawHeaders: withHeaders('Transfer-Encoding', 'chunked') },
    400,
    'a HEAD has no body',
  ],
])('refuses %s', (_situation, more, code, message) => {
  expect(receive(asked(more))).toMatchObject({ refused: { code, message } });
});

test.each<[string, Partial<IncomingMessage>, string]>([
  ['an encoded letter', { url: '/api/v1/%70ods?watch' }, '/api/v1/pods?watch='],
  ['a GET of no length', { rawHeaders: withHeaders('Content-Length', '0') }, '/api/v1/pods'],
  ['a DELETE with a body', { method: 'DELETE', rawHeaders: withHeaders('Content-Length', '9') }, '/api/v1/pods'],
  ['HTTP/1.0 without a host', { httpVersion: '1.0', rawHeaders: ['Authorization', 'Bearer a'] }, '/api/v1/pods'],
])('forwards what was read: %s', (_situation, more, url) => {
  expect(receive(asked(more))).toMatchObject({ url, info: { resource: 'pods' } });
});

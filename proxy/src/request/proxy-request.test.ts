import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { receive } from './proxy-request.ts';

test.each([
  { situation: 'a UUID, as kubectl sends it', session: '0b7e4c1e-6f1c-4c0e-9d3f-2f1f0a9f3a11', want: true },
  { situation: 'none', session: undefined, want: false },
  { situation: 'an empty one', session: '', want: false },
  { situation: 'a text', session: 'password is hunter2', want: false },
  { situation: 'one that would end the header', session: 'a\r\nImpersonate-User: admin', want: false },
  { situation: 'bytes that are no ASCII', session: 'gr\u00f6sse', want: false },
  { situation: 'a longer one than any id', session: 'a'.repeat(65), want: false },
])('the invocation: $situation', ({ session, want }) => {
  const rawHeaders = ['Authorization', 'Bearer a', ...(session === undefined ? [] : ['Kubectl-Session', session])];
  const received = receive({ method: 'GET', url: '/api/v1/pods', rawHeaders } as IncomingMessage);
  expect(received).toMatchObject({ token: 'a' });
  expect('invocation' in received ? received.invocation : undefined).toBe(want ? session : undefined);
});

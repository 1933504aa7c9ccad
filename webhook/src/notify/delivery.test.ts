import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { newHold, toHoldNotification, toSlackMessage } from '@holdpoint/core';
import { toPostRequest } from './delivery.ts';
import { resultOf } from './post.ts';

const nowMs = 1_767_261_600_999;
const hold = newHold(
  {
    user: { username: 'bot', groups: [], extra: {} },
    request: {
      operation: 'DELETE',
      resource: { group: '', version: 'v1', resource: 'pods' },
      kind: 'Pod',
      name: 'web',
    },
    digest: `hmac-sha256:${'a'.repeat(64)}`,
    change: { type: 'Delete', object: {} },
    before: undefined,
    verdict: {
      alsoHeldBy: [],
      action: 'Hold',
      policy: 'p',
      rule: 'r',
      hold: { approvers: [], minApprovals: 1, expiresAfterSeconds: 60, useWithinSeconds: 60, pauseForSeconds: 60 },
      notify: [],
      maxPending: 1,
      maxChangeBytes: 1,
    },
    nowMs,
  },
  1,
);
const notice = { hold, phase: 'Pending', atMs: nowMs, id: 'id-1' } as const;
const receiver = { name: 'a', url: 'https://a.example/', timeoutMs: 1_000 };
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'user-agent': 'holdpoint-webhook',
  'Holdpoint-Delivery': 'id-1',
};

describe('toPostRequest', () => {
  test('Slack: its own format, the id as a header too', () => {
    expect(toPostRequest({ ...receiver, format: 'Slack' }, {}, notice, nowMs)).toEqual({
      url: 'https://a.example/',
      headers,
      body: JSON.stringify(toSlackMessage(toHoldNotification(notice))),
      timeoutMs: 1_000,
    });
  });

  test('JSON, with everything: signed over exactly the bytes that are sent', () => {
    const hmacKey = Buffer.alloc(32, 1);
    const body = JSON.stringify(toHoldNotification(notice));
    const signature = createHmac('sha256', hmacKey).update(`1767261600.${body}`).digest('hex');
    expect(
      toPostRequest({ ...receiver, format: 'JSON' }, { hmacKey, ca: 'PEM', bearerToken: 't' }, notice, nowMs),
    ).toEqual({
      url: 'https://a.example/',
      headers: {
        ...headers,
        authorization: 'Bearer t',
        'Holdpoint-Signature': `t=1767261600,v1=${signature}`,
      },
      body,
      timeoutMs: 1_000,
      ca: 'PEM',
    });
  });
});

describe('resultOf', () => {
  test.each([
    { status: 200, want: { ok: true } },
    { status: 204, want: { ok: true } },
    { status: 302, want: { ok: false, reason: 'Redirect', problem: 'status 302: redirects are not followed' } },
    { status: 304, want: { ok: false, reason: 'Redirect', problem: 'status 304: redirects are not followed' } },
    { status: 404, want: { ok: false, reason: 'Status', problem: 'status 404' } },
    {
      status: 429,
      retryAfter: '30',
      want: { ok: false, reason: 'Status', problem: 'status 429', retryAfterMs: 30_000 },
    },
    { status: 503, retryAfter: 'Thu, 01 Jan 2026', want: { ok: false, reason: 'Status', problem: 'status 503' } },
    { status: 0, want: { ok: false, reason: 'Status', problem: 'status 0' } },
  ])('$status $retryAfter', ({ status, retryAfter, want }) => {
    expect(resultOf(status, retryAfter)).toEqual(want);
  });
});

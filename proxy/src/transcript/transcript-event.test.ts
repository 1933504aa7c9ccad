import { expect, test } from '@jest/globals';
import { failureStatus, parseAuditItem, requestInfoOf, type RequestInfo } from '@holdpoint/core';
import type { Exchange, ExchangeEnd } from './exchange.ts';
import { toLeftOutEvent, toTranscriptEvent } from './transcript-event.ts';

const account = 'system:serviceaccount:holdpoint-system:holdpoint-proxy';
const url = '/apis/apps/v1/namespaces/prod/deployments/shop/scale?fieldManager=kubectl';

function infoOf(method: string, path: string): RequestInfo {
  const info = requestInfoOf(method, path);
  if ('refused' in info) throw new Error(info.message);
  return info;
}

const scaled: Exchange = {
  receivedAtMs: Date.parse('2026-05-04T10:11:12.345Z'),
  method: 'PATCH',
  url,
  sourceIp: '10.0.0.1',
  userAgent: 'kubectl/v1.36.0',
  auditId: 'a-2',
  attempts: 2,
  upstreamMs: 12.4,
  bytesIn: 25,
  masked: { values: 0, places: new Set() },
  received: {
    ...{ method: 'PATCH', url, info: infoOf('PATCH', url), token: 'never told', headers: {} },
    ...{ command: 'kubectl scale', invocation: 'i-1' },
  },
  requestId: 'r-1',
  user: {
    username: 'coding-agent',
    groups: ['ai-agents', 'system:authenticated'],
    extra: { 'holdpoint.dev/session': ['s-1'], 'holdpoint.dev/on-behalf-of': ['carol'], 'other/claim': ['never told'] },
  },
  pause: { end: 'passed', hold: 'h-1', policy: 'agents', rule: 'writes', approved: true, waitedMs: 42_000 },
};
const end: ExchangeEnd = { code: 200, bytesOut: 900, endedAtMs: Date.parse('2026-05-04T10:11:54.500Z') };

test('a held write that was approved, whole', () => {
  expect(toTranscriptEvent(scaled, end, account)).toEqual({
    level: 'Metadata',
    auditID: 'a-2',
    stage: 'ResponseComplete',
    requestURI: url,
    verb: 'patch',
    user: { username: account },
    impersonatedUser: {
      username: 'coding-agent',
      groups: ['ai-agents', 'system:authenticated'],
      extra: {
        'holdpoint.dev/session': ['s-1'],
        'holdpoint.dev/on-behalf-of': ['carol'],
        'holdpoint.dev/request': ['r-1'],
        'holdpoint.dev/command': ['kubectl scale'],
        'holdpoint.dev/invocation': ['i-1'],
      },
    },
    sourceIPs: ['10.0.0.1'],
    userAgent: 'kubectl/v1.36.0',
    objectRef: {
      apiGroup: 'apps',
      apiVersion: 'v1',
      resource: 'deployments',
      subresource: 'scale',
      namespace: 'prod',
      name: 'shop',
    },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-05-04T10:11:12.345Z',
    stageTimestamp: '2026-05-04T10:11:54.500Z',
    annotations: {
      'judge.holdpoint.dev/decision': 'approved',
      'judge.holdpoint.dev/policy': 'agents',
      'judge.holdpoint.dev/rule': 'writes',
      'judge.holdpoint.dev/hold': 'h-1',
      'proxy.holdpoint.dev/pause': 'passed',
      'proxy.holdpoint.dev/paused-ms': '42000',
      'proxy.holdpoint.dev/total-ms': '42155',
      'proxy.holdpoint.dev/upstream-ms': '12',
      'proxy.holdpoint.dev/attempts': '2',
      'proxy.holdpoint.dev/bytes-in': '25',
      'proxy.holdpoint.dev/bytes-out': '900',
    },
  });
});

const { pause: heldWrite, ...unheld } = scaled;
const { user: _user, received: _received, requestId: _id, ...unread } = unheld;
const forbidden = { refused: failureStatus(403, 'not here'), reason: 'for the log alone' };

test.each<{
  situation: string;
  exchange: Exchange;
  want: object;
  wantAnnotations: object;
  wantAbsent?: string[];
}>([
  {
    situation: 'a read that the proxy refused: its own verdict',
    exchange: { ...unheld, denied: { policy: 'agents', rule: 'no-prod' }, refusal: forbidden },
    want: { responseStatus: { code: 200, reason: 'Forbidden', message: 'not here' } },
    wantAnnotations: { 'judge.holdpoint.dev/decision': 'deny', 'judge.holdpoint.dev/rule': 'no-prod' },
  },
  {
    situation: 'a write that passed without a wait: what the webhook said is not told to the proxy',
    exchange: unheld,
    want: {},
    wantAnnotations: {},
    wantAbsent: ['annotations', 'judge.holdpoint.dev/decision'],
  },
  {
    situation: 'a wait that ended without an answer',
    exchange: { ...unheld, pause: { ...heldWrite, end: 'stillHeld', approved: false } as Exchange['pause'] & object },
    want: {},
    wantAnnotations: { 'judge.holdpoint.dev/decision': 'hold', 'proxy.holdpoint.dev/pause': 'stillHeld' },
  },
  {
    situation: 'one that passed although nobody approved it: no decision of ours',
    exchange: { ...unheld, pause: { ...heldWrite, end: 'passed', approved: false } as Exchange['pause'] & object },
    want: {},
    wantAnnotations: { 'judge.holdpoint.dev/hold': 'h-1' },
    wantAbsent: ['annotations', 'judge.holdpoint.dev/decision'],
  },
  {
    situation: 'somebody who did not say who they are: nobody’s',
    exchange: { ...unread, refusal: { ...forbidden, refused: failureStatus(401, 'Unauthorized') } },
    want: {
      user: {},
      verb: 'patch',
      responseStatus: { reason: 'Unauthorized', message: 'Unauthorized' },
    },
    wantAnnotations: {},
    wantAbsent: ['impersonatedUser'],
  },
  {
    situation: 'a masked answer: how much, and where',
    exchange: { ...unheld, masked: { values: 7, places: new Set(['prod/db/password', 'prod/db/user']) } },
    want: {},
    wantAnnotations: {
      'proxy.holdpoint.dev/masked-values': '7',
      'proxy.holdpoint.dev/masked': 'prod/db/password prod/db/user',
    },
  },
])('$situation', ({ exchange, want, wantAnnotations, wantAbsent }) => {
  const event = toTranscriptEvent(exchange, end, account);
  expect(event).toMatchObject({ ...want, annotations: wantAnnotations });
  if (wantAbsent !== undefined) expect(event).not.toHaveProperty(wantAbsent);
  expect(JSON.stringify(event)).not.toMatch(/never told|for the log alone/);
});

test.each([
  { situation: 'a request', event: toTranscriptEvent(scaled, end, account) },
  { situation: 'of nobody', event: toTranscriptEvent(unread, end, account) },
  {
    situation: 'what is left out',
    event: toLeftOutEvent({ reason: 'queue-full', requests: 3, sinceMs: 0 }, 5, account),
  },
])('the audit sink reads it whole: $situation', ({ event }) => {
  const item = parseAuditItem(JSON.parse(JSON.stringify(event)), () => '');
  expect(item).toMatchObject({ type: 'Event', event: { unknownFields: {} } });
});

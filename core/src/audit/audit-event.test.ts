import { describe, expect, test } from '@jest/globals';
import { parseAuditEvent, parseEventList } from './audit-event.ts';

const minimal = {
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestReceivedTimestamp: '2026-05-04T10:11:12.000001Z',
  stageTimestamp: '2026-05-04T10:11:12.000002Z',
};
const listOf = (items: unknown) => ({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items });

describe('parseEventList: what is no list is refused with its path', () => {
  test.each([
    { situation: 'nothing', body: undefined, want: 'the body: expected an object, got nothing' },
    { situation: 'null', body: null, want: 'the body: expected an object, got null' },
    { situation: 'a list', body: [], want: 'the body: expected an object, got a list' },
    { situation: 'a text', body: 'x', want: 'the body: expected an object, got string' },
    {
      situation: 'one event alone',
      body: { ...minimal, kind: 'Event' },
      want: 'kind: expected "EventList", got string',
    },
    {
      situation: 'no version',
      body: { kind: 'EventList' },
      want: 'apiVersion: expected "audit.k8s.io/v1", got nothing',
    },
    {
      situation: 'an old version',
      body: { kind: 'EventList', apiVersion: 'audit.k8s.io/v1beta1', items: [] },
      want: 'apiVersion: expected "audit.k8s.io/v1", got string',
    },
    { situation: 'no items', body: listOf(undefined), want: 'items: expected a list, got nothing' },
    { situation: 'items that are an object', body: listOf({}), want: 'items: expected a list, got object' },
  ])('$situation', ({ body, want }) => {
    expect(() => parseEventList(body)).toThrow(
      expect.objectContaining({ code: 'ERR_AUDIT_EVENTS_INVALID', message: want }),
    );
  });

  test('a bad event costs neither itself nor its neighbours their place', () => {
    expect(parseEventList(listOf([minimal, null, { ...minimal, auditID: 'a-2' }]))).toMatchObject([
      { type: 'Event', event: { auditId: 'a-1' } },
      { type: 'Broken', reason: 'the event: expected an object, got null', value: null },
      { type: 'Event', event: { auditId: 'a-2' } },
    ]);
  });
});

describe('parseAuditEvent', () => {
  test('what Go leaves out is empty', () => {
    expect(parseAuditEvent(minimal)).toEqual({
      auditId: 'a-1',
      stage: 'ResponseComplete',
      level: '',
      verb: '',
      requestUri: '',
      user: { username: '', uid: '', groups: [], extra: {} },
      impersonatedUser: undefined,
      sourceIps: [],
      userAgent: '',
      objectRef: { apiGroup: '', apiVersion: '', resource: '', subresource: '', namespace: '', name: '' },
      responseStatus: {},
      requestObject: undefined,
      responseObject: undefined,
      receivedAt: '2026-05-04 10:11:12.000001',
      stageAt: '2026-05-04 10:11:12.000002',
      annotations: {},
    });
  });

  test.each([
    { situation: 'no audit id', change: { auditID: undefined }, want: 'auditID: expected a string, got nothing' },
    { situation: 'an empty one', change: { auditID: '' }, want: 'auditID: expected a text, got string' },
    { situation: 'no stage', change: { stage: null }, want: 'stage: expected a string, got nothing' },
    { situation: 'a verb that is a number', change: { verb: 5 }, want: 'verb: expected a string, got number' },
    { situation: 'a user that is a text', change: { user: 'x' }, want: 'user: expected an object, got string' },
    {
      situation: 'groups that are a text',
      change: { user: { groups: 'x' } },
      want: 'user.groups: expected a list of strings, got string',
    },
    {
      situation: 'a group that is none',
      change: { user: { groups: ['a', 1] } },
      want: 'user.groups[1]: expected a string, got number',
    },
    {
      situation: 'an extra that is no list',
      change: { impersonatedUser: { extra: { 'a"b': 'x' } } },
      want: 'impersonatedUser.extra["a\\"b"]: expected a list of strings, got string',
    },
    {
      situation: 'an object reference that is a list',
      change: { objectRef: [] },
      want: 'objectRef: expected an object, got a list',
    },
    {
      situation: 'an annotation that is an object',
      change: { annotations: { a: {} } },
      want: 'annotations["a"]: expected a string, got object',
    },
    {
      situation: 'a time that is none',
      change: { stageTimestamp: 'now' },
      want: 'stageTimestamp: expected an RFC 3339 time, got string',
    },
    {
      situation: 'no time',
      change: { requestReceivedTimestamp: undefined },
      want: 'requestReceivedTimestamp: expected a string, got nothing',
    },
  ])('$situation is refused with its path', ({ change, want }) => {
    expect(() => parseAuditEvent({ ...minimal, ...change })).toThrow(
      expect.objectContaining({ code: 'ERR_AUDIT_EVENTS_INVALID', message: want }),
    );
  });

  test('a key called __proto__ stays a key', () => {
    const event = JSON.parse(
      `{"auditID":"a","stage":"s","requestReceivedTimestamp":"2026-05-04T10:11:12Z","stageTimestamp":"2026-05-04T10:11:12Z",
        "user":{"extra":{"__proto__":["x"]}},"annotations":{"__proto__":"y"}}`,
    ) as unknown;
    const { user, annotations } = parseAuditEvent(event);
    expect(Object.keys(user.extra)).toEqual(['__proto__']);
    expect(Object.keys(annotations)).toEqual(['__proto__']);
  });
});

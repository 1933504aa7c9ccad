import { describe, expect, test } from '@jest/globals';
import { parseAuditEvent, parseAuditItem } from './audit-event.ts';

const minimal = {
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestReceivedTimestamp: '2026-05-04T10:11:12.000001Z',
  stageTimestamp: '2026-05-04T10:11:12.000002Z',
};
const protoField = JSON.parse('{"__proto__":1}') as object;
/** Source: k8s.io/apiserver v0.37.2 pkg/apis/audit/v1/types.go. */
const allFields = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'RequestResponse',
  requestURI: '/api',
  verb: 'get',
  user: { username: 'a', uid: 'u', groups: ['g'], extra: { e: ['x'] } },
  impersonatedUser: { username: 'b', uid: 'u', groups: ['g'], extra: { e: ['x'] } },
  authenticationMetadata: { impersonationConstraint: 'impersonate-on:user-info' },
  sourceIPs: ['10.0.0.1'],
  userAgent: 'kubectl',
  objectRef: {
    ...{ resource: 'pods', namespace: 'n', name: 'p', uid: 'u', apiGroup: '', apiVersion: 'v1' },
    ...{ resourceVersion: '1', subresource: 'status' },
  },
  responseStatus: { code: 200, next: 'a Status has fields of its own' },
  requestObject: { next: 1 },
  responseObject: { next: 1 },
  annotations: { next: 'x' },
};

describe('parseAuditItem: what is no event is told of, with the path at which it fails', () => {
  test.each([
    { situation: 'null', value: null, want: 'the event: expected an object, got null', wantFields: {} },
    { situation: 'a list', value: [minimal], want: 'the event: expected an object, got a list', wantFields: {} },
    {
      situation: 'an event that lacks something',
      value: { ...minimal, auditID: undefined, stage: 's' },
      want: 'auditID: expected a string, got nothing',
      wantFields: expect.objectContaining({ stage: 's' }),
    },
  ])('$situation', ({ value, want, wantFields }) => {
    expect(parseAuditItem(value, () => 'hash')).toEqual({
      type: 'Broken',
      reason: want,
      fields: wantFields,
      contentHash: expect.any(Function),
    });
  });

  test('a name of any length makes no reason of any length', () => {
    const item = parseAuditItem({ ...minimal, annotations: { ['x'.repeat(100_000)]: 5 } }, () => 'hash');
    expect(item.type === 'Broken' ? item.reason.length : 0).toBe(500);
  });

  test('an event is parsed', () => {
    expect(parseAuditItem(minimal, () => 'hash')).toMatchObject({ type: 'Event', event: { auditId: 'a-1' } });
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
      authenticationMetadata: {},
      unknownFields: {},
    });
  });

  test.each([
    { situation: 'all that Kubernetes 1.37 sends', change: allFields, want: {} },
    { situation: 'a new field', change: { next: { a: 1 } }, want: { next: { a: 1 } } },
    {
      situation: 'new fields of its parts',
      change: { user: { username: 'x', next: 1 }, impersonatedUser: { next: 2 }, objectRef: { next: null } },
      want: { 'user.next': 1, 'impersonatedUser.next': 2, 'objectRef.next': null },
    },
    { situation: 'a field called __proto__', change: JSON.parse('{"__proto__":1}') as object, want: protoField },
  ])('what is not known: $situation', ({ change, want }) => {
    const event = JSON.parse(
      JSON.stringify(minimal).replace('{', `{${JSON.stringify(change).slice(1, -1)},`),
    ) as unknown;
    expect(parseAuditEvent(event).unknownFields).toEqual(want);
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

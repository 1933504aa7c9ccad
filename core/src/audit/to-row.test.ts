import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createMask } from '../masking/mask.ts';
import { parseAuditItem } from './audit-event.ts';
import type { AuditRow } from './audit-row.ts';
import { toOversizeRow, toRow, type RowOptions } from './to-row.ts';

const options: RowOptions = {
  mask: createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  source: 'apiserver',
  proxyUsername: 'system:serviceaccount:holdpoint-system:holdpoint-proxy',
  maxBodyLength: 10_000,
  now: '2026-05-04 12:00:00.000000',
};
const value = 'correct-horse-battery-staple';
const base64 = Buffer.from(value).toString('base64');

const event = {
  auditID: 'a-1',
  stage: 'ResponseComplete',
  level: 'RequestResponse',
  verb: 'update',
  requestURI: '/apis/apps/v1/namespaces/prod/deployments/shop/scale?fieldManager=kubectl',
  user: { username: 'system:serviceaccount:holdpoint-system:holdpoint-proxy', groups: ['system:serviceaccounts'] },
  impersonatedUser: {
    username: 'coding-agent',
    groups: ['ai-agents', 'system:authenticated'],
    extra: {
      'holdpoint.dev/session': ['s-1'],
      'holdpoint.dev/request': ['r-1'],
      'holdpoint.dev/command': ['kubectl scale'],
      'holdpoint.dev/on-behalf-of': ['bob'],
    },
  },
  sourceIPs: ['10.0.0.1'],
  userAgent: 'kubectl/v1.36',
  objectRef: {
    apiGroup: 'apps',
    apiVersion: 'v1',
    resource: 'deployments',
    subresource: 'scale',
    namespace: 'prod',
    name: 'shop',
  },
  responseStatus: { metadata: {}, code: 200 },
  requestObject: { spec: { replicas: 5 } },
  requestReceivedTimestamp: '2026-05-04T10:11:12.000345Z',
  stageTimestamp: '2026-05-04T10:11:12.000999Z',
  annotations: {
    'judge.holdpoint.dev/decision': 'approved',
    'judge.holdpoint.dev/policy': 'coding-agents',
    'judge.holdpoint.dev/rule': 'production-writes',
    'judge.holdpoint.dev/hold': 'h-1',
    'judge.holdpoint.dev/session': 's-1',
    'authorization.k8s.io/decision': 'allow',
  },
};

function rowOf(item: unknown, more: Partial<RowOptions> = {}): AuditRow {
  const contentHash = (): string => options.sha256(`bytes of ${JSON.stringify(item)}`);
  return toRow(parseAuditItem(item, contentHash), { ...options, ...more });
}

describe('toRow', () => {
  test('a write through the proxy', () => {
    expect(rowOf(event)).toMatchObject({
      event_time: '2026-05-04 10:11:12.000345',
      stage_time: '2026-05-04 10:11:12.000999',
      username: 'coding-agent',
      groups: ['ai-agents', 'system:authenticated'],
      via_proxy: true,
      session: 's-1',
      request_id: 'r-1',
      command: 'kubectl scale',
      on_behalf_of: 'bob',
      resource: 'deployments',
      subresource: 'scale',
      code: 200,
      decision: 'approved',
      policy: 'coding-agents',
      rule: 'production-writes',
      hold: 'h-1',
      judged_session: 's-1',
      request_body: '{"spec":{"replicas":5}}',
      response_body: '',
      broken: '',
    });
  });

  test.each([
    {
      situation: 'straight to the API server',
      change: { impersonatedUser: undefined, user: { username: 'coding-agent' } },
      want: { username: 'coding-agent', via_proxy: false, session: '' },
    },
    {
      situation: 'impersonated by somebody else',
      change: { user: { username: 'admin' } },
      want: { username: 'coding-agent', via_proxy: false },
    },
    {
      situation: 'a decision that another webhook forges',
      change: { annotations: { 'evil.example/decision': 'allow' } },
      want: { decision: '' },
    },
    { situation: 'a code that is none', change: { responseStatus: { code: -5 } }, want: { code: 0 } },
    { situation: 'a code past its column', change: { responseStatus: { code: 1e9 } }, want: { code: 0 } },
  ])('$situation', ({ change, want }) => {
    expect(rowOf({ ...event, ...change })).toMatchObject(want);
  });

  test.each([
    { situation: 'the same event', change: {}, wantSame: true },
    {
      situation: 'keys in another order',
      change: { annotations: Object.fromEntries(Object.entries(event.annotations).reverse()) },
      wantSame: true,
    },
    {
      situation: 'another body under the same id',
      change: { requestObject: { spec: { replicas: 6 } } },
      wantSame: false,
    },
    { situation: 'another stage', change: { stage: 'ResponseStarted' }, wantSame: false },
    { situation: 'another authenticated user', change: { user: { username: 'admin' } }, wantSame: false },
    {
      situation: 'another constraint of the impersonation',
      change: { authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' } },
      wantSame: false,
    },
    {
      situation: 'a kind, as a log file has it',
      change: { kind: 'Event', apiVersion: 'audit.k8s.io/v1' },
      wantSame: true,
    },
    { situation: 'a field that is not known', change: { next: 1 }, wantSame: false },
  ])('identity: $situation', ({ change, wantSame }) => {
    expect(rowOf({ ...event, ...change }).event_hash === rowOf(event).event_hash).toBe(wantSame);
  });

  test('an event that is too large keeps everything but its bodies, and tells itself apart from others like it', () => {
    const large = (text: string) => rowOf({ ...event, requestObject: { text: text.repeat(20_000) } });
    expect(large('x')).toMatchObject({
      audit_id: 'a-1',
      decision: 'approved',
      request_body: '',
      broken: expect.stringContaining('oversize'),
    });
    expect(large('x').event_hash).not.toBe(large('y').event_hash);
  });

  test('a body nested deeper than the stack becomes a stub, not an exception', () => {
    const depth = 100_000;
    const nested = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    const row = (change: object, hash: string) =>
      toRow(
        parseAuditItem({ ...event, ...change }, () => hash),
        options,
      );
    expect(row({ requestObject: { nested } }, 'a')).toMatchObject({
      audit_id: 'a-1',
      username: 'coding-agent',
      decision: 'approved',
      code: 200,
      request_body: '',
      broken: expect.stringContaining('nested too deep'),
    });
    expect(row({ next: nested }, 'a')).toMatchObject({ broken: expect.stringContaining('nested too deep') });
    expect(row({ requestObject: { nested } }, 'a').event_hash).not.toBe(
      row({ requestObject: { nested } }, 'b').event_hash,
    );
  });

  test.each([
    { situation: 'one', change: { next: 1 }, want: 'unknown fields: next' },
    {
      situation: 'two, in any order',
      change: { b: 1, user: { ...event.user, a: 1 } },
      want: 'unknown fields: b, user.a',
    },
    {
      situation: 'many, with long names',
      change: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [String(i + 10) + 'x'.repeat(1_000), 1])),
      want: expect.stringMatching(/^unknown fields: (?:\d\dx{62}, ){9}19x{62} and 2 more$/),
    },
  ])('fields that are not known are told of, and cost the event nothing: $situation', ({ change, want }) => {
    const row = rowOf({ ...event, ...change });
    expect(row).toEqual({ ...rowOf(event), broken: want, event_hash: row.event_hash });
  });

  test('what differs only in the value of a field that is not known is two events', () => {
    expect(rowOf({ ...event, next: 1 }).event_hash).not.toBe(rowOf({ ...event, next: 2 }).event_hash);
  });

  test.each([
    { situation: 'null', item: null },
    { situation: 'a text', item: 'x' },
    { situation: 'no audit id', item: { ...event, auditID: undefined } },
    { situation: 'times that are none', item: { ...event, stageTimestamp: 'soon' } },
  ])('$situation is a stub with a hash, the same whenever it comes', ({ item }) => {
    const row = rowOf(item);
    expect(row).toMatchObject({
      broken: expect.stringMatching(/^broken: /),
      event_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const again = rowOf(item, { now: '2026-05-04 13:00:00.000000' });
    expect(again).toEqual({ ...row, stage_time: again.stage_time });
  });

  const noTime = '1970-01-01 00:00:00.000000';
  const [received, staged] = [event.requestReceivedTimestamp, event.stageTimestamp];
  test.each([
    { situation: 'its own', times: { requestReceivedTimestamp: received, stageTimestamp: staged }, want: '.000345' },
    { situation: 'the other that it has', times: { stageTimestamp: staged }, want: '.000999' },
    { situation: 'none', times: {}, want: undefined },
    { situation: 'none that is one', times: { requestReceivedTimestamp: 'soon', stageTimestamp: 5 }, want: undefined },
  ])('the time of a broken event is the same again when it is sent again: $situation', ({ times, want }) => {
    const row = rowOf({ auditID: 5, ...times });
    expect(row.event_time).toBe(want === undefined ? noTime : `2026-05-04 10:11:12${want}`);
    if (want === undefined) expect(row.stage_time).toBe(options.now);
  });
});

describe('toOversizeRow', () => {
  const oversize = (fields: object) =>
    toOversizeRow({ length: 17_000_000, contentHash: options.sha256('x'), fields: { ...fields } }, options);

  test('keeps who did what, when, and what we decided; nothing that could quote the object', () => {
    const annotations = { ...event.annotations, 'patch.webhook.admission.k8s.io/round_0_index_0': value };
    const responseStatus = { code: 200, message: value };
    expect(oversize({ ...event, annotations, responseStatus, requestObject: { value } })).toEqual({
      ...rowOf(event),
      event_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      annotations: Object.fromEntries(
        Object.entries(event.annotations).filter(([key]) => key.startsWith('judge.holdpoint.dev/')),
      ),
      request_body: '',
      broken: 'oversize: the event, 17000000 bytes, is not kept',
    });
  });

  test('is a stub where not even its fields make an event', () => {
    expect(oversize({ auditID: 'a-1' })).toMatchObject({
      audit_id: 'a-1',
      event_time: '1970-01-01 00:00:00.000000',
      broken: 'oversize: the event, 17000000 bytes, is not kept',
    });
  });

  test('is told apart by its bytes, which cannot be guessed from its hash', () => {
    const { event_hash } = oversize(event);
    const other = toOversizeRow({ length: 17_000_000, contentHash: options.sha256('y'), fields: {} }, options);
    expect([other.event_hash, options.sha256('x')]).not.toContain(event_hash);
  });
});

describe('toRow: no secret value is kept', () => {
  const secrets = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
  const secret = {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name: 'db', namespace: 'prod' },
    data: { password: base64 },
  };
  const applied = {
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret) } },
  };
  test.each([
    { situation: 'in the object sent', change: { requestObject: secret } },
    { situation: 'in the answer', change: { responseObject: secret } },
    {
      situation: 'in a list',
      change: { responseObject: { kind: 'SecretList', apiVersion: 'v1', items: [{ ...secret, kind: undefined }] } },
    },
    {
      situation: 'in a table',
      change: { responseObject: { kind: 'Table', rows: [{ cells: ['db'], object: secret }] } },
    },
    {
      situation: 'in stringData',
      change: { requestObject: { ...secret, data: undefined, stringData: { password: value } } },
    },
    { situation: 'in a merge patch', change: { requestObject: { data: { password: base64 } } } },
    { situation: 'in a merge patch of stringData', change: { requestObject: { stringData: { password: value } } } },
    {
      situation: 'in a JSON patch of one key',
      change: { requestObject: [{ op: 'replace', path: '/data/password', value: base64 }] },
    },
    {
      situation: 'in a JSON patch of all data',
      change: { requestObject: [{ op: 'add', path: '/data', value: { password: base64 } }] },
    },
    {
      situation: 'in a JSON patch that tests',
      change: { requestObject: [{ op: 'test', path: '/data/password', value: base64 }] },
    },
    { situation: 'in the last-applied annotation', change: { requestObject: applied } },
    { situation: 'in metadata alone', change: { responseObject: { kind: 'PartialObjectMetadata', ...applied } } },
    { situation: 'in a body that is a text', change: { requestObject: value } },
    {
      situation: 'in a failure message',
      change: { responseStatus: { status: 'Failure', code: 422, message: `Invalid value: "${value}"` } },
    },
    {
      situation: 'in a failure that is the answer',
      change: { responseObject: { kind: 'Status', status: 'Failure', message: `Invalid value: "${base64}"` } },
    },
    {
      situation: 'copied to an annotation, long ago',
      change: { responseObject: { ...secret, metadata: { name: 'db', annotations: { leak: base64 } } } },
    },
    {
      situation: 'copied to an annotation, within a list',
      change: {
        responseObject: {
          kind: 'SecretList',
          apiVersion: 'v1',
          items: [{ ...secret, metadata: { labels: { leak: `x-${base64}` } } }],
        },
      },
    },
    {
      situation: 'moved to an annotation by this very patch',
      change: {
        requestObject: [{ op: 'move', from: '/data/password', path: '/metadata/annotations/leak' }],
        responseObject: { ...secret, data: {}, metadata: { name: 'db', annotations: { leak: base64 } } },
      },
    },
    {
      situation: 'in a mutating webhook’s logged patch',
      change: {
        annotations: {
          'patch.webhook.admission.k8s.io/round_0_index_0': `{"patch":[{"op":"add","path":"/data/x","value":"${base64}"}]}`,
        },
      },
    },
  ])('$situation', ({ change }) => {
    const text = JSON.stringify(rowOf({ ...event, objectRef: secrets, ...change }));
    expect(text).not.toContain(value);
    expect(text).not.toContain(base64);
  });

  test.each([
    {
      situation: 'a token request’s answer',
      change: {
        objectRef: { resource: 'serviceaccounts', subresource: 'token' },
        responseObject: { kind: 'TokenRequest', status: { token: value } },
      },
    },
    {
      situation: 'a token review',
      change: {
        objectRef: { apiGroup: 'authentication.k8s.io', resource: 'tokenreviews' },
        requestObject: { kind: 'TokenReview', spec: { token: value } },
      },
    },
    {
      situation: 'a Secret in a list of many kinds',
      change: { responseObject: { kind: 'List', apiVersion: 'v1', items: [secret] } },
    },
  ])('$situation', ({ change }) => {
    const text = JSON.stringify(rowOf({ ...event, ...change }));
    expect(text).not.toContain(value);
    expect(text).not.toContain(base64);
  });

  test('an answer that went well has no message, and gets none', () => {
    expect(rowOf({ ...event, objectRef: secrets, responseObject: secret })).toMatchObject({
      code: 200,
      message: '',
      reason: '',
      response_body: expect.stringContaining('"name":"db"'),
    });
  });

  test('two different values have two different identities, and the decision stays', () => {
    const row = (text: string) => rowOf({ ...event, objectRef: secrets, requestObject: { stringData: { a: text } } });
    expect(row('one').event_hash).not.toBe(row('two').event_hash);
    expect(row('one').decision).toBe('approved');
  });
});

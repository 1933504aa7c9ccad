import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../kubernetes/object.ts';
import type { RecordedCall } from './recorded-call.ts';
import { changeOfCall, createKnownObjects, type RecordedChange } from './recorded-change.ts';

const call = (
  more: Omit<Partial<RecordedCall>, 'request_body' | 'response_body'> & { request?: unknown; response?: unknown },
): RecordedCall => {
  const { request, response, ...rest } = more;
  const body = (value: unknown): string =>
    value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return {
    ...{ event_time: '', stage_time: '', sink: 's', place: '1', source: 'apiserver', audit_id: 'a', username: 'bot' },
    ...{ stage: 'ResponseComplete', verb: 'patch', impersonator: '', via_proxy: true, bypass: '', request_id: '' },
    ...{ invocation: '', command: '', on_behalf_of: '', user_agent: '', api_group: 'apps', resource: 'deployments' },
    ...{ subresource: '', namespace: 'prod', name: 'web', request_uri: '/web', code: 200, reason: '', message: '' },
    ...{ decision: '', policy: '', rule: '', hold: '', grant_name: '', broken: '' },
    ...rest,
    request_body: body(request),
    response_body: body(response),
  };
};
const web = (replicas: number, more: JsonObject = {}): JsonObject => ({
  kind: 'Deployment',
  metadata: { name: 'web', resourceVersion: String(replicas), managedFields: [{ manager: 'kubectl' }], ...more },
  spec: { replicas },
  status: { replicas },
});
const compact = (replicas: number): JsonObject => ({
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { replicas },
});
const applied = { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":1}' } };

test.each<{ situation: string; call: RecordedCall; before?: JsonObject; want: RecordedChange | undefined }>([
  { situation: 'a read', call: call({ verb: 'get', response: web(1) }), want: undefined },
  {
    situation: 'a create: the object, without what the server adds',
    call: call({ verb: 'create', request: web(2, applied), code: 201 }),
    want: { type: 'Create', object: compact(2) },
  },
  {
    situation: 'a create whose request is not kept: from the answer',
    call: call({ verb: 'create', response: web(2), code: 201 }),
    want: { type: 'Create', object: compact(2) },
  },
  {
    situation: 'an update, the state before known: the difference',
    call: call({ verb: 'update', request: web(5), response: web(5) }),
    before: web(3),
    want: {
      type: 'Update',
      before: compact(3),
      patch: [{ op: 'replace', path: '/spec/replicas', oldValue: 3, value: 5 }],
    },
  },
  {
    situation: 'an update, the state before unknown: the whole, and it is said so',
    call: call({ verb: 'update', request: web(5), response: web(5) }),
    want: { type: 'Replace', object: compact(5) },
  },
  {
    situation: 'an update that is refused changes nothing; what it asked for is told',
    call: call({ verb: 'update', request: web(5), response: { kind: 'Status' }, code: 403 }),
    before: web(3),
    want: { type: 'Replace', object: compact(5) },
  },
  {
    situation: 'a patch, the state before known: what really came of it',
    call: call({ request: { spec: { replicas: 5 } }, response: web(5) }),
    before: web(3),
    want: {
      type: 'Update',
      before: compact(3),
      patch: [{ op: 'replace', path: '/spec/replicas', oldValue: 3, value: 5 }],
    },
  },
  {
    situation: 'a merge or strategic patch: its values by path, what it takes away, without kubectl’s copy of it all',
    call: call({
      request: { metadata: applied, spec: { 'a/b~c': null, replicas: 5, containers: [{ name: 'x' }], empty: {} } },
    }),
    want: {
      type: 'Patch',
      format: 'Merge',
      values: [
        { op: 'remove', path: '/spec/a~1b~0c' },
        { op: 'set', path: '/spec/replicas', value: 5 },
        { op: 'set', path: '/spec/containers', value: [{ name: 'x' }] },
        { op: 'set', path: '/spec/empty', value: {} },
      ],
    },
  },
  {
    situation: 'a JSON patch: its operations, what they copy and move too; what is none is left out',
    call: call({
      request: [
        { op: 'replace', path: '/spec/replicas', value: 5 },
        { op: 'move', from: '/data/x', path: '/metadata/labels/x' },
        { op: 'explode', path: '/x' },
        'nonsense',
        { op: 'remove' },
      ],
    }),
    want: {
      type: 'Patch',
      format: 'JSON',
      values: [
        { op: 'replace', path: '/spec/replicas', value: 5 },
        { op: 'move', path: '/metadata/labels/x', from: '/data/x' },
        { op: 'set', path: '/x' },
      ],
    },
  },
  {
    situation: 'a server-side apply: what it applies',
    call: call({
      request: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 5 } },
    }),
    want: {
      type: 'Patch',
      format: 'Apply',
      values: [
        { op: 'set', path: '/metadata/name', value: 'web' },
        { op: 'set', path: '/spec/replicas', value: 5 },
      ],
    },
  },
  {
    situation: 'a scale',
    call: call({
      subresource: 'scale',
      request: { spec: { replicas: 5 } },
      response: { kind: 'Scale', spec: { replicas: 5 } },
    }),
    want: { type: 'Patch', format: 'Merge', values: [{ op: 'set', path: '/spec/replicas', value: 5 }] },
  },
  {
    situation: 'the status: it is what is written there',
    call: call({ verb: 'update', subresource: 'status', request: web(1), response: web(1) }),
    before: web(2),
    want: {
      type: 'Update',
      before: { ...compact(2), status: { replicas: 2 } },
      patch: [
        { op: 'replace', path: '/status/replicas', oldValue: 2, value: 1 },
        { op: 'replace', path: '/spec/replicas', oldValue: 2, value: 1 },
      ],
    },
  },
  {
    situation: 'a delete: how, and what went',
    call: call({
      verb: 'delete',
      request: { kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
      response: { kind: 'Status' },
    }),
    before: web(3),
    want: { type: 'Delete', options: { propagationPolicy: 'Orphan' }, object: compact(3) },
  },
  {
    situation: 'a delete whose answer is the object',
    call: call({ verb: 'delete', response: web(3) }),
    want: { type: 'Delete', options: {}, object: compact(3) },
  },
  {
    situation: 'a terminal: its command line, decoded; what does not decode, as it came',
    call: call({
      verb: 'get',
      resource: 'pods',
      subresource: 'exec',
      request_uri: '/e?command=sh&command=-c&command=a+%7C%20b&command=%zz&container=web',
    }),
    want: { type: 'Connect', command: ['sh', '-c', 'a | b', '%zz'], container: 'web' },
  },
  {
    situation: 'a stub',
    call: call({ broken: 'oversize: the bodies are not kept' }),
    want: { type: 'Unknown', why: 'oversize: the bodies are not kept' },
  },
  {
    situation: 'a body nested by the thousand',
    call: call({ verb: 'create', request: `${'{"a":['.repeat(50_000)}1${']}'.repeat(50_000)}` }),
    want: { type: 'Unknown', why: 'its body is nested too deep to be shown' },
  },
  {
    situation: 'brackets within texts are none',
    call: call({ verb: 'create', request: { data: { a: '\\"{[{['.repeat(500) } } }),
    want: { type: 'Create', object: { data: { a: '\\"{[{['.repeat(500) } } },
  },
  {
    situation: 'bodies that are not on record',
    call: call({}),
    want: { type: 'Unknown', why: 'its body is not in the record' },
  },
  {
    situation: 'a body that is no JSON',
    call: call({ verb: 'create', request: '{' }),
    want: { type: 'Unknown', why: 'its body is not in the record' },
  },
  {
    situation: 'a body that is no object',
    call: call({ verb: 'create', request: 5 }),
    want: { type: 'Unknown', why: 'its body is not in the record' },
  },
])('$situation', ({ call: given, before, want }) => {
  expect(changeOfCall(given, before)).toEqual(want);
});

describe('the state before, from earlier answers', () => {
  const state = (...calls: RecordedCall[]): JsonObject | undefined => {
    const known = createKnownObjects();
    for (const each of calls) known.note(each);
    return known.before(call({}));
  };
  test.each<{ situation: string; calls: RecordedCall[]; want: JsonObject | undefined }>([
    { situation: 'read', calls: [call({ verb: 'get', response: web(1) })], want: web(1) },
    {
      situation: 'the latest',
      calls: [call({ verb: 'get', response: web(1) }), call({ response: web(2) })],
      want: web(2),
    },
    {
      situation: 'the status is a part of it',
      calls: [call({ subresource: 'status', response: web(1) })],
      want: web(1),
    },
    { situation: 'a Scale is not', calls: [call({ subresource: 'scale', response: web(1) })], want: undefined },
    {
      situation: 'a Table is another view',
      calls: [call({ verb: 'get', response: { kind: 'Table' } })],
      want: undefined,
    },
    {
      situation: 'a dry run was never so',
      calls: [call({ response: web(9), request_uri: '/web?dryRun=All' })],
      want: undefined,
    },
    {
      situation: 'a refusal tells none',
      calls: [call({ verb: 'get', response: web(1) }), call({ response: web(9), code: 403 })],
      want: web(1),
    },
    {
      situation: 'deleted',
      calls: [call({ verb: 'get', response: web(1) }), call({ verb: 'delete' })],
      want: undefined,
    },
    {
      situation: 'written, the answer not on record: nobody knows',
      calls: [call({ verb: 'get', response: web(1) }), call({ request: {} })],
      want: undefined,
    },
    {
      situation: 'another namespace',
      calls: [call({ verb: 'get', response: web(1), namespace: 'dev' })],
      want: undefined,
    },
    {
      situation: 'forgotten among many',
      calls: [
        call({ verb: 'get', response: web(1) }),
        ...Array.from({ length: 300 }, (_, i) => call({ name: String(i), response: web(i) })),
      ],
      want: undefined,
    },
  ])('$situation', ({ calls, want }) => {
    expect(state(...calls)).toEqual(want);
  });
});

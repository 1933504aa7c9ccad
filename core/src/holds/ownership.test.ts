import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { changeOf, isEmptyChange } from './change.ts';
import { ownershipGains } from './ownership.ts';

const entry = (manager: string, fieldsV1: JsonValue, more: JsonObject = {}): JsonObject => ({
  manager,
  operation: 'Apply',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});
const object = (replicas: number, ...managedFields: JsonObject[]): JsonObject => ({
  metadata: { name: 'web', managedFields },
  spec: { replicas, containers: [{ name: 'a', image: 'x' }], finalizers: ['f'] },
});
const replicas = { 'f:spec': { 'f:replicas': {} } };
const byClient = entry('kubectl-client-side-apply', replicas, { operation: 'Update' });
const lastApplied = {
  'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {} } },
};

describe('ownershipGains', () => {
  const rows: { situation: string; before: JsonObject; after: JsonObject; want: object[] }[] = [
    {
      situation: 'nothing changes',
      before: object(3, entry('p', replicas)),
      after: object(3, entry('p', replicas)),
      want: [],
    },
    {
      situation: 'somebody’s pipeline comes to own what it never applied',
      before: object(3),
      after: object(3, entry('pipeline', replicas)),
      want: [{ manager: 'pipeline', fields: ['f:spec f:replicas'] }],
    },
    {
      situation: 'one field more',
      before: object(3, entry('p', replicas)),
      after: object(
        3,
        entry('p', {
          'f:spec': { 'f:replicas': {}, 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } } },
        }),
      ),
      want: [
        {
          manager: 'p',
          fields: ['f:spec f:containers k:{"name":"a"}', 'f:spec f:containers k:{"name":"a"} f:image'],
        },
      ],
    },
    {
      situation: 'a value of a set',
      before: object(3),
      after: object(3, entry('p', { 'f:spec': { 'f:finalizers': { 'v:"f"': {} } } })),
      want: [{ manager: 'p', fields: ['f:spec f:finalizers v:"f"'] }],
    },
    {
      situation: 'a field that the write changes',
      before: object(3),
      after: object(5, entry('p', replicas)),
      want: [],
    },
    {
      situation: 'a manager that updates: it never removes',
      before: object(3),
      after: object(3, entry('p', replicas, { operation: 'Update' })),
      want: [],
    },
    { situation: 'a manager that owns less', before: object(3, entry('p', replicas)), after: object(3), want: [] },
    {
      situation: 'kubectl turns to server-side apply',
      before: object(3, byClient),
      after: object(3, entry('kubectl', replicas)),
      want: [],
    },
    {
      situation: 'kubectl’s bookkeeping of what it applied last',
      before: object(3, byClient),
      after: object(3, byClient, entry('kubectl-last-applied', lastApplied)),
      want: [],
    },
    {
      situation: 'the same manager, of a subresource',
      before: object(3, entry('p', replicas)),
      after: object(3, entry('p', replicas), entry('p', replicas, { subresource: 'scale' })),
      want: [{ manager: 'p', fields: ['f:spec f:replicas'] }],
    },
    {
      situation: 'broken bookkeeping',
      before: object(3),
      after: object(3, entry('p', { 'f:spec': { 'k:{': {}, 'f:none': null } })),
      want: [{ manager: 'p', fields: ['f:spec k:{'] }],
    },
  ];
  test.each(rows)('$situation', ({ before, after, want }) => {
    expect(ownershipGains(before, after)).toEqual(want);
  });
});

test('a change of ownership alone is a change, and bookkeeping is none', () => {
  const update = (oldObject: JsonObject, after: JsonObject) =>
    changeOf({ operation: 'UPDATE', object: after, oldObject, options: null });
  const stolen = update(object(3), object(3, entry('pipeline', replicas)));
  expect(stolen).toEqual({
    type: 'Update',
    patch: [],
    ownership: [{ manager: 'pipeline', fields: ['f:spec f:replicas'] }],
  });
  expect(isEmptyChange(stolen)).toBe(false);
  expect(isEmptyChange(update(object(3, byClient), object(3, entry('kubectl', replicas))))).toBe(true);
});

test.each<[string, (at: number) => string]>([
  ['of a set', (at) => `v:"owner-${String(at)}"`],
  ['of a list', (at) => `k:{"name":"c-${String(at)}"}`],
  ['of a list, each known by another field', (at) => `k:{"name-${String(at)}":"x"}`],
])('twenty thousand items %s come to be owned: all are told, and it ends', (_situation, keyOf) => {
  const count = 20_000;
  const places = Array.from({ length: count }, (_, at) => at);
  const spec = {
    owners: places.map((at) => `owner-${String(at)}`),
    containers: places.map((at) => ({ name: `c-${String(at)}` })),
  };
  const list = keyOf(0).startsWith('v:') ? 'f:owners' : 'f:containers';
  const owned = Object.fromEntries(places.map((at) => [keyOf(at), {}]));
  const before = { metadata: { name: 'x' }, spec };
  const after = { metadata: { name: 'x', managedFields: [entry('p', { 'f:spec': { [list]: owned } })] }, spec };
  expect(ownershipGains(before, after)[0]?.fields).toHaveLength(count);
});

import { expect, test } from '@jest/globals';
import type { JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { maskObject, type Assumed } from './mask-object.ts';
import { createMask } from './mask.ts';

/** Not an HMAC, but as much a function of its text, and one can read what it was bound to. */
const mask = createMask((text) => hexOf(text));
function hexOf(text: string): string {
  let hash = 7n;
  for (const character of text) hash = (hash * 1_000_003n + BigInt(character.codePointAt(0) ?? 0)) % (1n << 128n);
  return hash.toString(16).padStart(32, '0');
}

const password = base64OfText('hunter2');
const data = (name: string, key = 'password', value = password, namespace = 'prod'): string =>
  mask.ofData({ namespace, name, key }, value);
const text = (name: string, key: string, value: string): string => mask.ofText({ namespace: 'prod', name, key }, value);

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const secret = (name: string, more: object = {}): JsonValue =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'prod' },
    data: { password },
    ...more,
  }) as JsonValue;
const masked = (name: string, more: object = {}): JsonValue =>
  secret(name, { data: { password: data(name) }, ...more });
const metadataWith = (applied: string): JsonValue => ({
  name: 'a',
  namespace: 'prod',
  annotations: { [lastApplied]: applied, other: 'x' },
});
const applied = JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: {}, stringData: { password: 'hunter2' } });
const appliedMasked = JSON.stringify({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: {},
  stringData: { password: text('a', 'password', 'hunter2') },
});
const ofSecrets: Assumed = { kind: 'Secret', namespace: 'prod' };
const ofOne: Assumed = { kind: 'Secret', namespace: 'prod', name: 'a' };

test.each<[string, JsonValue, Assumed | undefined, JsonValue]>([
  ['a Secret', secret('a'), undefined, masked('a')],
  [
    'an empty Secret',
    { apiVersion: 'v1', kind: 'Secret', metadata: {} },
    undefined,
    { apiVersion: 'v1', kind: 'Secret', metadata: {} },
  ],
  [
    'stringData',
    { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a', namespace: 'prod' }, stringData: { k: 'v' } },
    undefined,
    {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 'a', namespace: 'prod' },
      stringData: { k: text('a', 'k', 'v') },
    },
  ],
  [
    'last-applied',
    secret('a', { metadata: metadataWith(applied) }),
    undefined,
    masked('a', { metadata: metadataWith(appliedMasked) }),
  ],
  [
    'a last-applied that is not JSON',
    secret('a', { metadata: metadataWith('{hunter2') }),
    undefined,
    masked('a', { metadata: metadataWith(text('a', lastApplied, '{hunter2')) }),
  ],
  [
    'values that no Secret can have',
    secret('a', { data: { n: 5, o: { p: 'hunter2' } }, stringData: 'hunter2' }),
    undefined,
    secret('a', {
      data: { n: data('a', 'n', base64OfText('5')), o: data('a', 'o', base64OfText('{"p":"hunter2"}')) },
      stringData: text('a', '', 'hunter2'),
    }),
  ],
  [
    'a list of the API server, whose items have no kind',
    {
      kind: 'SecretList',
      apiVersion: 'v1',
      metadata: {},
      items: [{ metadata: { name: 'a', namespace: 'prod' }, data: { password } }],
    },
    undefined,
    {
      kind: 'SecretList',
      apiVersion: 'v1',
      metadata: {},
      items: [{ metadata: { name: 'a', namespace: 'prod' }, data: { password: data('a') } }],
    },
  ],
  [
    'a List of mixed kinds, and a List within',
    { kind: 'List', apiVersion: 'v1', items: [secret('a'), { kind: 'Pod' }, { kind: 'List', items: [secret('b')] }] },
    undefined,
    { kind: 'List', apiVersion: 'v1', items: [masked('a'), { kind: 'Pod' }, { kind: 'List', items: [masked('b')] }] },
  ],
  [
    'a Table with whole objects',
    { kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells: ['a'], object: secret('a') }, { cells: ['b'] }] },
    undefined,
    { kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells: ['a'], object: masked('a') }, { cells: ['b'] }] },
  ],
  [
    'a Table with metadata',
    {
      kind: 'Table',
      rows: [{ cells: [], object: { kind: 'PartialObjectMetadata', metadata: metadataWith(applied) } }],
    },
    ofSecrets,
    {
      kind: 'Table',
      rows: [{ cells: [], object: { kind: 'PartialObjectMetadata', metadata: metadataWith(appliedMasked) } }],
    },
  ],
  [
    'metadata alone, known to be a Secret by its annotation only',
    { kind: 'PartialObjectMetadata', metadata: metadataWith(applied) },
    undefined,
    { kind: 'PartialObjectMetadata', metadata: metadataWith(appliedMasked) },
  ],
  [
    'metadata alone with an unreadable annotation, known to be a Secret by the path',
    { kind: 'PartialObjectMetadata', metadata: metadataWith('hunter2') },
    ofSecrets,
    { kind: 'PartialObjectMetadata', metadata: metadataWith(text('a', lastApplied, 'hunter2')) },
  ],
  ['a watch event', { type: 'MODIFIED', object: secret('a') }, undefined, { type: 'MODIFIED', object: masked('a') }],
  [
    'a watch error',
    { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'hunter2' } },
    ofSecrets,
    {
      type: 'ERROR',
      object: {
        kind: 'Status',
        status: 'Failure',
        reason: 'Expired',
        code: 410,
        message:
          'the API server answered Expired; its message is withheld, because messages about Secrets can quote their values',
      },
    },
  ],
  [
    'a token',
    {
      kind: 'TokenRequest',
      metadata: { name: 'sa', namespace: 'prod' },
      spec: { audiences: [] },
      status: { token: 'ey.x.y', expirationTimestamp: 't' },
    },
    undefined,
    {
      kind: 'TokenRequest',
      metadata: { name: 'sa', namespace: 'prod' },
      spec: { audiences: [] },
      status: { token: text('sa', 'status.token', 'ey.x.y'), expirationTimestamp: 't' },
    },
  ],
  ['a merge patch', { data: { password, gone: null } }, ofOne, { data: { password: data('a'), gone: null } }],
  [
    'a JSON patch',
    [
      { op: 'replace', path: '/data/password', value: password, oldValue: password },
      { op: 'add', path: '/stringData', value: { k: 'v' } },
      { op: 'add', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', value: applied },
      { op: 'add', path: '/metadata/labels/a', value: 'b' },
      { op: 'remove', path: '/data/x' },
    ],
    ofOne,
    [
      { op: 'replace', path: '/data/password', value: data('a'), oldValue: data('a') },
      { op: 'add', path: '/stringData', value: { k: text('a', 'k', 'v') } },
      {
        op: 'add',
        path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
        value: appliedMasked,
      },
      { op: 'add', path: '/metadata/labels/a', value: 'b' },
      { op: 'remove', path: '/data/x' },
    ],
  ],
])('masks %s', (_situation, value, assumed, want) => {
  const before = JSON.stringify(value);
  const got = maskObject(value, mask, assumed);
  expect(got).toEqual(want);
  expect(JSON.stringify(value)).toBe(before);
  expect(maskObject(got, mask, assumed)).toEqual(want);
});

test.each<[string, JsonValue]>([
  ['a ConfigMap with the same fields', { apiVersion: 'v1', kind: 'ConfigMap', data: { password } }],
  ['a Secret of another group', { apiVersion: 'example.com/v1', kind: 'Secret', data: { password } }],
  ['a list without secrets', { kind: 'PodList', apiVersion: 'v1', items: [{ metadata: { name: 'a' } }] }],
  ['a failure about something else', { kind: 'Status', status: 'Failure', message: 'no' }],
  ['a TokenReview-like object', { kind: 'TokenReview', status: { authenticated: true } }],
  ['a patch of something else', [{ op: 'add', path: '/data/k', value: 'v' }]],
  ['null', null],
  ['a string', 'x'],
])('returns %s as it is, the same reference', (_situation, value) => {
  expect(maskObject(value, mask)).toBe(value);
});

test('keeps a key called __proto__ a key', () => {
  const value = JSON.parse(`{"apiVersion":"v1","kind":"Secret","data":{"__proto__":"${password}"}}`) as JsonValue;
  expect(JSON.stringify(maskObject(value, mask))).not.toContain(password);
});

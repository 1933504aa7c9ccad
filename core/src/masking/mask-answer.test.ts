import { expect, test } from '@jest/globals';
import type { JsonValue } from '../kubernetes/object.ts';
import type { AnswerMasking } from './answer-masking.ts';
import { parseFieldPath } from './field-path.ts';
import { maskAnswer, maskWatchEvent } from './mask-answer.ts';
import { createMask } from './mask.ts';

const mask = createMask(() => 'a'.repeat(64));
const token = (length: number): string => `holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`;
const detected: AnswerMasking = { detectors: 'all', fields: [] };
const packed: AnswerMasking = { detectors: 'packed', fields: [] };
const ofSecrets: AnswerMasking = { assumed: { kind: 'Secret', namespace: 'a' }, detectors: 'all', fields: [] };
const parsed = parseFieldPath('$.spec.word');
const named: AnswerMasking = { detectors: 'none', fields: 'path' in parsed ? [parsed.path] : [] };
const release = `H4sI${'A'.repeat(80)}`;
const password = 'hunter2!x';
const set = (item: string): JsonValue => ({ 'f:spec': { 'f:tokens': { '.': {}, [item]: {} } } });

test.each<[string, AnswerMasking, JsonValue, JsonValue]>([
  [
    'a variable of a pod',
    detected,
    { kind: 'Pod', env: [{ name: 'DB_PASSWORD', value: password }] },
    { kind: 'Pod', env: [{ name: 'DB_PASSWORD', value: token(9) }] },
  ],
  [
    'an item of a list',
    detected,
    { kind: 'List', items: [{ password }] },
    { kind: 'List', items: [{ password: token(9) }] },
  ],
  [
    'a Secret in a list of anything',
    detected,
    { kind: 'List', items: [{ kind: 'Secret', apiVersion: 'v1', stringData: { k: 'v' } }] },
    { kind: 'List', items: [{ kind: 'Secret', apiVersion: 'v1', stringData: { k: token(1) } }] },
  ],
  [
    'a cell by its column, and none that names a Secret',
    detected,
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Password' }, { name: 'Secret' }],
      rows: [{ cells: [password, 'tls-of-web'] }],
    },
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Password' }, { name: 'Secret' }],
      rows: [{ cells: [token(9), 'tls-of-web'] }],
    },
  ],
  [
    'a cell that copies a secret field under a harmless name, and not what is named alike',
    detected,
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Remark' }, { name: 'Colour' }],
      rows: [
        { cells: ['box', 'abc', 'red'], object: { metadata: { name: 'box' }, clientSecret: 'abc', password: 'box' } },
      ],
    },
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Remark' }, { name: 'Colour' }],
      rows: [
        {
          cells: ['box', token(3), 'red'],
          object: { metadata: { name: 'box' }, clientSecret: token(3), password: token(3) },
        },
      ],
    },
  ],
  [
    'an item of a set, in metadata alone',
    detected,
    {
      kind: 'PartialObjectMetadata',
      metadata: { managedFields: [{ fieldsV1: set(`v:${JSON.stringify(password)}`) }] },
    },
    { kind: 'PartialObjectMetadata', metadata: { managedFields: [{ fieldsV1: set(`v:"${token(9)}"`) }] } },
  ],
  [
    'what an item of a list is known by',
    detected,
    {
      kind: 'Widget',
      metadata: { managedFields: [{ fieldsV1: { 'f:users': { [`k:{"pin":1,"password":"${password}"}`]: {} } } }] },
    },
    {
      kind: 'Widget',
      metadata: { managedFields: [{ fieldsV1: { 'f:users': { [`k:{"pin":1,"password":"${token(9)}"}`]: {} } } }] },
    },
  ],
  [
    'a failure whose message may quote a masked value',
    { ...detected, withholdsMessages: true },
    { kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'cannot change hunter2' },
    {
      kind: 'Status',
      status: 'Failure',
      reason: 'Invalid',
      message:
        'the API server answered Invalid; its message is withheld, because messages about what has masked fields can quote their values',
    },
  ],
  [
    'a cell that copies a field of a policy, without that field',
    named,
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Word' }],
      rows: [{ cells: ['se'], object: { spec: { word: 'se' } } }],
    },
    {
      kind: 'Table',
      columnDefinitions: [{ name: 'Word' }],
      rows: [{ cells: [token(2)], object: { spec: { word: token(2) } } }],
    },
  ],
  [
    'a packed payload, detectors off',
    packed,
    { data: { any: release, password } },
    { data: { any: token(release.length), password } },
  ],
  [
    'an annotation of a Secret',
    ofSecrets,
    { kind: 'Secret', metadata: { name: 's', annotations: { note: `password=${password}` } }, data: {} },
    { kind: 'Secret', metadata: { name: 's', annotations: { note: `password=${token(9)}` } }, data: {} },
  ],
  [
    'a Secret of any group, asked for as one',
    ofSecrets,
    { kind: 'Secret', apiVersion: 'other/v1', stringData: { k: 'v' } },
    { kind: 'Secret', apiVersion: 'other/v1', stringData: { k: token(1) } },
  ],
  [
    'a Secret in what nobody expected',
    ofSecrets,
    { kind: 'Odd', within: { kind: 'Secret', stringData: { k: 'v' } } },
    { kind: 'Odd', within: { kind: 'Secret', stringData: { k: token(1) } } },
  ],
  [
    'a field that a policy names in a Secret, beside its values',
    { ...ofSecrets, fields: named.fields },
    { kind: 'SecretList', items: [{ metadata: { name: 's' }, stringData: { k: 'v' }, spec: { word: 'se' } }] },
    { kind: 'SecretList', items: [{ metadata: { name: 's' }, stringData: { k: token(1) }, spec: token(13) }] },
  ],
  [
    'a message about what has masked fields',
    named,
    { kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'spec.word: Invalid value: "se": no' },
    {
      kind: 'Status',
      status: 'Failure',
      reason: 'Invalid',
      message:
        'the API server answered Invalid; its message is withheld, because messages about what has masked fields can quote their values',
    },
  ],
  ['what stands around a list’s items', detected, { items: [], password }, { items: [], password: token(9) }],
])('masks %s', (_situation, how, answer, want) => {
  expect(maskAnswer(answer, mask, how)).toEqual(want);
});

test.each<[string, AnswerMasking, JsonValue]>([
  [
    'the page token of a list',
    detected,
    { kind: 'PodList', metadata: { continue: 'cGFzc3dvcmQ6IGh1bnRlcjIheAo', resourceVersion: '7' }, items: [{}] },
  ],
  [
    'a bookmark',
    detected,
    {
      type: 'BOOKMARK',
      object: { kind: 'Pod', metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    },
  ],
  [
    'references to Secrets',
    detected,
    {
      kind: 'Pod',
      volumes: [{ name: 's', secret: { secretName: 'db-password' } }],
      env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }],
    },
  ],
  [
    'a message that can quote nothing',
    named,
    { kind: 'Status', status: 'Failure', message: 'databases.example.com "x" not found' },
  ],
  ['an object that no path leads into', named, { spec: { other: 'se' } }],
  ['a ConfigMap, detectors off', packed, { data: { password } }],
])('leaves %s, the same reference', (_situation, how, answer) => {
  expect(maskAnswer(answer, mask, how)).toBe(answer);
});

test('a watch of Tables remembers the columns that only its first event names', () => {
  const event = { type: 'MODIFIED', object: { kind: 'Table', columnDefinitions: null, rows: [{ cells: [password] }] } };
  expect(maskWatchEvent(event, mask, detected, ['Password'])).toEqual({
    type: 'MODIFIED',
    object: { kind: 'Table', columnDefinitions: null, rows: [{ cells: [token(9)] }] },
  });
});

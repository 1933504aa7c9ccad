import { expect, test } from '@jest/globals';
import type { JsonObject } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { maskSecretMetadata } from './mask-secret-metadata.ts';
import { createMask } from './mask.ts';

const mask = createMask(() => 'a'.repeat(64));
const token = (length: number): string => `holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`;
const key = { namespace: 'a', name: 'shop-main-1' };
const value = 'correct horse 7';
const secret = { data: { password: base64OfText(value) } };
const user = (name: string): JsonObject => ({ data: { user: base64OfText(name) } });

function shown(secretWith: JsonObject, metadata: JsonObject): unknown {
  return maskSecretMetadata({ ...secretWith, metadata }, mask, key);
}

test.each<[string, JsonObject, JsonObject, JsonObject]>([
  ['a value in an annotation', secret, { annotations: { note: value } }, { annotations: { note: token(15) } }],
  ['within a text', secret, { annotations: { note: `is ${value}.` } }, { annotations: { note: `is ${token(15)}.` } }],
  [
    'in base64',
    secret,
    { annotations: { note: `= ${secret.data.password} !` } },
    { annotations: { note: `= ${token(20)} !` } },
  ],
  ['in a label', { stringData: { k: 'abcdefg-1\n' } }, { labels: { x: 'abcdefg-1' } }, { labels: { x: token(9) } }],
  ['in a finalizer', secret, { finalizers: [value] }, { finalizers: [token(15)] }],
  [
    'in the keys of managedFields',
    secret,
    { labels: { x: value }, managedFields: [{ fieldsV1: { [`v:"${value}"`]: {} } }] },
    { labels: { x: token(15) }, managedFields: [{ fieldsV1: { [`v:"${token(15)}"`]: {} } }] },
  ],
  [
    'without values at hand, what looks drawn at random',
    {},
    { labels: { x: 'q8Zr1Lx0Vt7mKp3W' }, annotations: { y: 'the platform team' } },
    { labels: { x: token(16) }, annotations: { y: 'the platform team' } },
  ],
])('masks %s', (_situation, secretWith, metadata, want) => {
  expect(shown(secretWith, metadata)).toEqual(want);
});

test.each<[string, JsonObject, JsonObject]>([
  ['no copy', secret, { labels: { app: 'shop' }, annotations: { reviewed: 'by the platform team' } }],
  ['a word', user('postgres-main'), { labels: { app: 'postgres-main' } }],
  ['a short value', user('shop-1'), { labels: { app: 'shop-1' } }],
  ['the Secret’s own name', user('shop-main-1'), { labels: { app: 'shop-main-1' } }],
  [
    'its owner’s name',
    user('shop-main-2'),
    { labels: { app: 'shop-mainly' }, ownerReferences: [{ name: 'shop-main-2' }] },
  ],
])('leaves %s: the same reference', (_situation, secretWith, metadata) => {
  expect(shown(secretWith, metadata)).toBe(metadata);
});

test('masked once more, nothing changes', () => {
  const once = shown(secret, { annotations: { plain: value, packed: secret.data.password } }) as JsonObject;
  const masked = { data: { password: mask.ofData({ ...key, key: 'password' }, secret.data.password) } };
  expect(shown(masked, once)).toEqual(once);
});

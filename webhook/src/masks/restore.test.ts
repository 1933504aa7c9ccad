import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createMask, parseAdmissionReview, shownToGoverned, type JsonObject, type JsonValue } from '@holdpoint/core';
import { releaseCodec } from '@holdpoint/platform';
import { createMasks } from './masks.ts';
import { passUnread, restore } from './restore.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const masks = createMasks(mask, releaseCodec);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'prod' },
  data: { user: base64('shop'), password: base64('hunter2') },
};
const shown = shownToGoverned(secret, mask) as JsonObject;
const reviewOf = (object: JsonValue, oldObject: JsonValue): JsonObject => ({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group: '', version: 'v1', kind: 'Secret' },
    resource: { group: '', version: 'v1', resource: 'secrets' },
    name: 'db',
    namespace: 'prod',
    operation: 'UPDATE',
    userInfo: { username: 'bot' },
    object,
    oldObject,
  },
});
const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';
const answer = (response: JsonObject) => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });

describe('restore', () => {
  test('masks in their places: a patch with the values, and the places for the record', () => {
    const got = restore(parseAdmissionReview(reviewOf(shown, secret)), masks);
    const patch = [{ op: 'replace', path: '/data', value: secret.data }];
    expect(JSON.parse(Buffer.from(got.response.patch ?? '', 'base64').toString())).toEqual(patch);
    expect({ ...got.response, patch: '' }).toEqual({
      uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: '',
      auditAnnotations: { restored: 'data.user, data.password' },
    });
  });

  test.each<[string, JsonValue, JsonValue]>([
    ['no mask', secret, secret],
    ['a mask of another key', { ...secret, data: { more: (shown.data as JsonObject).user ?? '' } }, secret],
    ['a mask, and no old object', shown, null],
  ])('%s: passes as it is, for the judge to see', (_situation, object, oldObject) => {
    const got = restore(parseAdmissionReview(reviewOf(object, oldObject)), masks);
    expect(got).toEqual(answer({ uid, allowed: true, auditAnnotations: {} }));
  });

  test('many places: the first ten are named', () => {
    const data = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`k${String(i)}`, base64(`value-${String(i)}`)]),
    );
    const many = { ...secret, data };
    const got = restore(parseAdmissionReview(reviewOf(shownToGoverned(many, mask), many)), masks);
    expect(got.response.auditAnnotations?.['restored']).toMatch(/^data\.k0, .* and 2 more$/);
  });
});

describe('passUnread', () => {
  const bytesOf = (review: JsonObject): Buffer => Buffer.from(JSON.stringify(review));
  const release = releaseCodec.close({ text: JSON.stringify({ name: 'x', manifest: '' }), base64Layers: 2 });

  test('no mask in the bytes: answered without reading them', () => {
    expect(passUnread(bytesOf(reviewOf(secret, secret)))).toEqual(answer({ uid, allowed: true, auditAnnotations: {} }));
  });

  test.each<[string, JsonObject]>([
    ['a mask in a Secret', reviewOf(shown, secret)],
    ['a mask in a text', reviewOf({ data: { a: `x holdpoint-mask:v1:${'0'.repeat(32)}:4` } }, secret)],
    ['a Helm release', reviewOf({ ...secret, data: { release } }, secret)],
    ['a review that does not begin with its uid', { request: {}, ...reviewOf(secret, secret) }],
  ])('%s: must be read', (_situation, review) => {
    expect(passUnread(bytesOf(review))).toBeUndefined();
  });
});

test.each<[string, JsonValue, boolean]>([
  ['a Secret', secret, true],
  ['a Secret without values', { ...secret, data: {} }, false],
  ['a ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { greeting: 'hello' } }, false],
  ['a ConfigMap with a password', { apiVersion: 'v1', kind: 'ConfigMap', data: { password: 's3cr3t-v4lue' } }, true],
])('is masked where the governed read it: %s', (_situation, object, want) => {
  expect(masks.showsMasks(object)).toBe(want);
});

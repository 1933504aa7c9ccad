import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  compilePolicy,
  createMask,
  maskItem,
  parseAdmissionReview,
  type AccessPolicySpec,
  type AnswerMasking,
  type JsonObject,
  type JsonValue,
} from '@holdpoint/core';
import { releaseCodec } from '@holdpoint/platform';
import { createMasks } from './masks.ts';
import { passUnread, restore } from './restore.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const masks = createMasks(mask, releaseCodec, () => []);
const ofSecrets: AnswerMasking = { detectors: 'all', fields: [], assumed: { kind: 'Secret' } };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'prod' },
  data: { user: base64('shop'), password: base64('hunter2') },
};
const shown = maskItem(secret, mask, ofSecrets) as JsonObject;
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
    const got = restore(parseAdmissionReview(reviewOf(maskItem(many, mask, ofSecrets), many)), masks);
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

const configMap: JsonObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'prod' },
  data: { motd: 'hello' },
};
const telling = { ...configMap, data: { password: 's3cr3t-v4lue' } };
const resources = { Secret: 'secrets', ConfigMap: 'configmaps' };
const kindOf = (object: JsonObject): keyof typeof resources => (object.kind === 'Secret' ? 'Secret' : 'ConfigMap');
const requestOf = (object: JsonValue, oldObject: JsonObject) => {
  const request = parseAdmissionReview(reviewOf(object, oldObject));
  return { ...request, resource: { ...request.resource, resource: resources[kindOf(oldObject)] } };
};
function masksOf(masking: AccessPolicySpec['masking'], subject = 'bot') {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: {
      subjects: [{ kind: 'User', name: subject }],
      defaultAction: 'Allow',
      ...(masking === undefined ? {} : { masking }),
    },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return createMasks(mask, releaseCodec, () => [result.policy]);
}
const named = { fields: [{ resources: ['configmaps'], paths: ['$.data.motd'] }] };
const withoutDetectors = { detectors: 'Disabled' } as const;

describe('what the policies that govern the user say of masking', () => {
  const all: AnswerMasking = { detectors: 'all', fields: [] };
  const motd: AnswerMasking = {
    detectors: 'none',
    fields: [['data', 'motd'].map((name) => ({ step: 'field', name }))],
  };
  test.each([
    { situation: 'a field that one names: restored', masking: named, how: motd, old: configMap, want: configMap },
    { situation: 'a field that none names: it was never shown masked', how: motd, old: configMap },
    { situation: 'one that is about others', masking: named, subject: 'eve', how: motd, old: configMap },
    { situation: 'what a detector finds: restored', how: all, old: telling, want: telling },
    { situation: 'detectors disabled: it was shown as it is', masking: withoutDetectors, how: all, old: telling },
    {
      situation: 'detectors disabled: a Secret is restored all the same',
      masking: withoutDetectors,
      how: ofSecrets,
      old: secret,
      want: secret,
    },
  ])('$situation', ({ masking, subject, how, old, want }) => {
    const written = maskItem(old, mask, how);
    expect(JSON.stringify(written)).not.toBe(JSON.stringify(old));
    const { object } = masksOf(masking, subject).restore(requestOf(written, old));
    expect(object).toEqual(want ?? written);
  });
});

test.each([
  { situation: 'a Secret', old: secret, want: true },
  { situation: 'a Secret without values', old: { ...secret, data: {} }, want: false },
  { situation: 'a ConfigMap', old: configMap, want: false },
  { situation: 'a ConfigMap with a password', old: telling, want: true },
  { situation: 'the same without detectors', masking: withoutDetectors, old: telling, want: false },
  { situation: 'a field that a policy names', masking: named, old: configMap, want: true },
])('is masked where the user reads it: $situation', ({ masking, old, want }) => {
  expect(masksOf(masking).showsMasks(requestOf(null, old))).toBe(want);
});

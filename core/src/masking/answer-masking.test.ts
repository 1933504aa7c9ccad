import { expect, test } from '@jest/globals';
import { requestInfoOf, type RequestInfo } from '../requests/request-info.ts';
import type { MaskingSettings } from '../policy/access-policy.ts';
import { answerMaskingOf } from './answer-masking.ts';

const off: MaskingSettings = { detectors: 'Disabled' };
const sparesPods: MaskingSettings = { except: [{ apiGroups: [''], resources: ['pods'] }] };
const ofDatabases: MaskingSettings = {
  fields: [{ apiGroups: ['example.com'], resources: ['databases'], paths: ['$.a', '$.b'] }],
};
const toSecret = { kind: 'Secret', namespace: 'a' };

test.each<[string, string, string, (MaskingSettings | undefined)[], unknown]>([
  [
    'one Secret',
    'GET',
    '/api/v1/namespaces/a/secrets/s',
    [undefined],
    { assumed: { ...toSecret, name: 's' }, detectors: 'all', fields: [] },
  ],
  [
    'all Secrets',
    'GET',
    '/api/v1/secrets',
    [undefined],
    { assumed: { kind: 'Secret', namespace: '' }, detectors: 'all', fields: [] },
  ],
  [
    'a watch of Secrets',
    'GET',
    '/api/v1/watch/secrets',
    [undefined],
    { assumed: { kind: 'Secret', namespace: '' }, detectors: 'all', fields: [] },
  ],
  [
    'a created Secret',
    'POST',
    '/api/v1/namespaces/a/secrets',
    [undefined],
    { assumed: toSecret, detectors: 'all', fields: [] },
  ],
  [
    'Secrets, detectors off',
    'GET',
    '/api/v1/namespaces/a/secrets',
    [off],
    { assumed: toSecret, detectors: 'packed', fields: [] },
  ],
  [
    'a token',
    'POST',
    '/api/v1/namespaces/a/serviceaccounts/s/token',
    [undefined],
    { assumed: { kind: 'TokenRequest', namespace: 'a', name: 's' }, detectors: 'none', fields: [] },
  ],
  ['a service account', 'GET', '/api/v1/namespaces/a/serviceaccounts/s', [undefined], undefined],
  ['secrets of another group', 'GET', '/apis/example.com/v1/secrets', [undefined], { detectors: 'all', fields: [] }],
  ['pods', 'GET', '/api/v1/pods', [undefined], { detectors: 'all', fields: [] }],
  ['a log', 'GET', '/api/v1/namespaces/a/pods/p/log', [sparesPods], { detectors: 'all', fields: [] }],
  ['pods that a policy spares', 'GET', '/api/v1/pods', [sparesPods], undefined],
  ['pods that one of two policies spares', 'GET', '/api/v1/pods', [sparesPods, {}], { detectors: 'all', fields: [] }],
  ['pods, detectors off', 'GET', '/api/v1/pods', [off], undefined],
  [
    'pods, detectors off in one of two policies',
    'GET',
    '/api/v1/pods',
    [off, undefined],
    { detectors: 'all', fields: [] },
  ],
  [
    'ConfigMaps, detectors off: Helm may keep releases there',
    'GET',
    '/api/v1/configmaps',
    [off],
    { detectors: 'packed', fields: [] },
  ],
  ['nobody’s policy', 'GET', '/api/v1/pods', [], { detectors: 'all', fields: [] }],
  ['nodes', 'GET', '/api/v1/nodes', [undefined], undefined],
  ['leases', 'GET', '/apis/coordination.k8s.io/v1/leases', [undefined], undefined],
  [
    'definitions of custom resources',
    'GET',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    [undefined],
    undefined,
  ],
  [
    'a group called like a function',
    'GET',
    '/apis/constructor/v1/things',
    [undefined],
    { detectors: 'all', fields: [] },
  ],
  ['discovery', 'GET', '/apis', [undefined], undefined],
  ['the kinds of a group', 'GET', '/apis/apps/v1', [undefined], undefined],
  ['the schema', 'GET', '/openapi/v3/apis/apps/v1', [undefined], undefined],
  ['a tunnel', 'GET', '/api/v1/namespaces/a/pods/p/proxy/x', [undefined], undefined],
])('%s', (_situation, method, url, maskings, want) => {
  const policies = maskings.map((masking) => ({ spec: masking === undefined ? {} : { masking } }));
  expect(answerMaskingOf(policies, requestInfoOf(method, url) as RequestInfo)).toEqual(want);
});

test('a log has no fields: a policy that names fields of pods and spares detectors lets it pass', () => {
  const policies = [{ spec: { masking: { ...off, fields: [{ resources: ['pods'], paths: ['$.spec.x'] }] } } }];
  const info = requestInfoOf('GET', '/api/v1/namespaces/a/pods/p/log') as RequestInfo;
  expect(answerMaskingOf(policies, info)).toBeUndefined();
});

test.each([
  ['the resource', '/apis/example.com/v1/databases', 2],
  ['its status, whose answer is the whole object', '/apis/example.com/v1/namespaces/a/databases/d/status', 2],
  ['that resource of another group', '/apis/other.com/v1/databases', 0],
])('fields of a policy are masked in %s, whatever becomes of detectors', (_situation, url, want) => {
  const policies = [{ spec: { masking: ofDatabases } }, { spec: { masking: off } }];
  expect(answerMaskingOf(policies, requestInfoOf('GET', url) as RequestInfo)?.fields).toHaveLength(want);
});

test('a path that does not parse lets no answer pass', () => {
  const policies = [{ spec: { masking: { fields: [{ resources: ['*'], paths: ['no path'] }] } } }];
  expect(() => answerMaskingOf(policies, requestInfoOf('GET', '/api/v1/pods') as RequestInfo)).toThrow(
    'does not parse',
  );
});

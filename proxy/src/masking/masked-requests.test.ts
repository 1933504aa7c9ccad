import { expect, test } from '@jest/globals';
import { answerMaskingOf, createMask, requestInfoOf, type AccessPolicySpec, type RequestInfo } from '@holdpoint/core';
import { refusePatch } from './masked-requests.ts';

const mask = createMask(() => 'a'.repeat(64));
const masking: AccessPolicySpec['masking'] = { fields: [{ resources: ['databases'], paths: ['$.spec.unlockedBy'] }] };
const infoOf = (method: string, url: string): RequestInfo => requestInfoOf(method, url) as RequestInfo;
const howOf = (info: RequestInfo) => answerMaskingOf([{ spec: { masking } }], info);
const secret = infoOf('PATCH', '/api/v1/namespaces/a/secrets/s');
const configMap = infoOf('PATCH', '/api/v1/namespaces/a/configmaps/s');
const deployment = infoOf('PATCH', '/apis/apps/v1/namespaces/a/deployments/s');
const database = infoOf('PATCH', '/apis/example.com/v1/namespaces/a/databases/s');
const container = '/spec/template/spec/containers/0';
const jsonPatch = 'application/json-patch+json';
test.each<[string, RequestInfo, string, unknown, number | undefined]>([
  [
    'an honest patch',
    secret,
    jsonPatch,
    [
      { op: 'add', path: '/data/a', value: 'Yg==' },
      { op: 'remove', path: '/data/b' },
    ],
    undefined,
  ],
  ['a merge patch', secret, 'application/merge-patch+json', { data: { a: null } }, undefined],
  ['an apply patch in YAML', secret, 'application/apply-patch+yaml', 'kind: Secret', undefined],
  ['copy', secret, jsonPatch, [{ op: 'copy', from: '/data/a', path: '/type' }], 403],
  [
    'move after an honest one',
    secret,
    jsonPatch,
    [
      { op: 'remove', path: '/data/b' },
      { op: 'move', from: '/data/a', path: '/type' },
    ],
    403,
  ],
  ['test', secret, jsonPatch, [{ op: 'test', path: '/data/a', value: 'Yg==' }], 403],
  ['an operation in capitals', secret, jsonPatch, [{ op: 'COPY' }], 403],
  ['no operation', secret, jsonPatch, [{}], 403],
  ['copy under another content type', secret, 'application/merge-patch+json', [{ op: 'copy' }], 403],
  ['what is no list', secret, jsonPatch, {}, 400],
  ['what is no JSON', secret, `${jsonPatch}; charset=utf-8`, 'x', 400],
  ['a copy from nowhere', configMap, jsonPatch, [{ op: 'copy' }], 403],
  ['a copy of a key', configMap, jsonPatch, [{ op: 'copy', from: '/data/password', path: '/data/x' }], 403],
  [
    'a move of the whole object',
    configMap,
    jsonPatch,
    [{ op: 'move', from: '', path: '/metadata/annotations/x' }],
    403,
  ],
  ['a move of all annotations', configMap, jsonPatch, [{ op: 'move', from: '/metadata', path: '/data' }], 403],
  [
    'a label moved',
    configMap,
    jsonPatch,
    [{ op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/b' }],
    undefined,
  ],
  ['a test of a key', configMap, jsonPatch, [{ op: 'test', path: '/data/x', value: 'guess' }], 403],
  [
    'a test of the version',
    configMap,
    jsonPatch,
    [{ op: 'test', path: '/metadata/resourceVersion', value: '7' }],
    undefined,
  ],
  [
    'a test of replicas',
    deployment,
    jsonPatch,
    [
      { op: 'test', path: '/spec/replicas', value: 3 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
    ],
    undefined,
  ],
  [
    'a test of an image',
    deployment,
    jsonPatch,
    [{ op: 'test', path: `${container}/image`, value: 'web:1' }],
    undefined,
  ],
  ['a test of a variable', deployment, jsonPatch, [{ op: 'test', path: `${container}/env/0/value`, value: 'x' }], 403],
  ['a test of all variables', deployment, jsonPatch, [{ op: 'test', path: `${container}/env`, value: [] }], 403],
  ['a test of a password', deployment, jsonPatch, [{ op: 'test', path: '/spec/password', value: 'guess' }], 403],
  [
    'a test where a policy masks a field',
    database,
    jsonPatch,
    [{ op: 'test', path: '/spec/unlockedBy', value: 1 }],
    403,
  ],
  ['a copy where nothing is masked', infoOf('PATCH', '/api/v1/nodes/n'), jsonPatch, [{ op: 'copy' }], undefined],
])('a patch: %s', (_situation, info, type, body, want) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  expect(refusePatch(info, howOf(info), type, bytes, mask)?.refused.code).toBe(want);
});

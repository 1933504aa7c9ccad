import { expect, test } from '@jest/globals';
import { requestInfoOf, type RequestInfo } from '@holdpoint/core';
import { jsonOnly, maskedAs, refusePatch } from './masked-requests.ts';

const infoOf = (method: string, url: string): RequestInfo => requestInfoOf(method, url) as RequestInfo;

test.each([
  ['one Secret', 'GET', '/api/v1/namespaces/a/secrets/s', { kind: 'Secret', namespace: 'a', name: 's' }],
  ['all Secrets', 'GET', '/api/v1/secrets', { kind: 'Secret', namespace: '' }],
  ['a watch', 'GET', '/api/v1/watch/secrets', { kind: 'Secret', namespace: '' }],
  ['a created Secret', 'POST', '/api/v1/namespaces/a/secrets', { kind: 'Secret', namespace: 'a' }],
  ['a deleted Secret', 'DELETE', '/api/v1/namespaces/a/secrets/s', { kind: 'Secret', namespace: 'a', name: 's' }],
  [
    'a token',
    'POST',
    '/api/v1/namespaces/a/serviceaccounts/s/token',
    { kind: 'TokenRequest', namespace: 'a', name: 's' },
  ],
  ['a service account', 'GET', '/api/v1/namespaces/a/serviceaccounts/s', undefined],
  ['secrets of another group', 'GET', '/apis/example.com/v1/secrets', undefined],
  ['a namespace called secrets', 'GET', '/api/v1/namespaces/secrets', undefined],
])('%s', (_situation, method, url, want) => {
  expect(maskedAs(infoOf(method, url))).toEqual(want);
});

test.each([
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/vnd.kubernetes.protobuf', 'application/json'],
  ['application/vnd.kubernetes.protobuf, application/json', 'application/json'],
  ['application/cbor, application/yaml', 'application/json'],
  [
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    'application/json;as=Table;v=v1;g=meta.k8s.io, application/json',
  ],
  ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'application/json'],
  ['application/json-seq', 'application/json'],
])('asks for JSON where the client says %s', (accept, want) => {
  expect(jsonOnly(accept)).toBe(want);
});

const secret = infoOf('PATCH', '/api/v1/namespaces/a/secrets/s');
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
  ['copy elsewhere', infoOf('PATCH', '/api/v1/namespaces/a/configmaps/s'), jsonPatch, [{ op: 'copy' }], undefined],
])('a patch: %s', (_situation, info, type, body, want) => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  expect(refusePatch(info, type, bytes)?.refused.code).toBe(want);
});

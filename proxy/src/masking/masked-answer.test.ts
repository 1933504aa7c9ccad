import { expect, test } from '@jest/globals';
import { answerMaskingOf, createMask, requestInfoOf, type AnswerMasking, type RequestInfo } from '@holdpoint/core';
import { maskerOf } from './masked-answer.ts';

const mask = createMask(() => 'a'.repeat(64));
const token = (length: number): string => `holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const json = { 'content-type': 'application/json' };

function maskedBy(
  url: string,
  body: string,
  headers: Record<string, string> = json,
  options: { statusCode?: number; answerAs?: 'json' | 'yaml' } = {},
): string {
  const info = requestInfoOf('GET', url) as RequestInfo;
  const how = answerMaskingOf([{ spec: {} }], info) as AnswerMasking;
  const { statusCode = 200, answerAs = 'json' } = options;
  const masker = maskerOf({ headers, statusCode }, { info, mask, how, answerAs, include: 'asAsked' });
  return Buffer.concat([masker.push(Buffer.from(body)), masker.end()]).toString();
}

const secrets = '/api/v1/namespaces/a/secrets';
const configMaps = '/api/v1/namespaces/a/configmaps';
const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'a' }, data: { k: base64('hi') } };
const maskedSecret = { ...secret, data: { k: base64(token(2)) } };
const status = (message: string): string =>
  JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Invalid', code: 422, message });

test.each<[string, string, string, Parameters<typeof maskedBy>[2], Parameters<typeof maskedBy>[3], string]>([
  [
    'a Secret in YAML, its fields in order',
    `${secrets}/s`,
    JSON.stringify(secret),
    json,
    { answerAs: 'yaml' },
    `apiVersion: v1\ndata:\n  k: ${base64(token(2))}\nkind: Secret\nmetadata:\n  name: s\n  namespace: a\n`,
  ],
  [
    'a list in lines: in lines',
    secrets,
    JSON.stringify({ kind: 'SecretList', items: [secret, secret] }, undefined, 2),
    json,
    {},
    JSON.stringify({ kind: 'SecretList', items: [maskedSecret, maskedSecret] }, undefined, 2),
  ],
  [
    'a Secret in lines: in lines',
    `${secrets}/s`,
    JSON.stringify(secret, undefined, 2),
    json,
    {},
    JSON.stringify(maskedSecret, undefined, 2),
  ],
  [
    'a ConfigMap without a secret: its very bytes',
    `${configMaps}/c`,
    '{ "data": {"a": 1.0} }',
    json,
    {},
    '{ "data": {"a": 1.0} }',
  ],
  [
    'a ConfigMap with one',
    `${configMaps}/c`,
    '{"data":{"PASSWORD":"hunter2!x"}}',
    json,
    {},
    `{"data":{"PASSWORD":"${token(9)}"}}`,
  ],
  [
    'an integer that a double does not hold, beside a secret',
    `${configMaps}/c`,
    '{"n":9007199254740993,"password":"hunter2!x"}',
    json,
    {},
    `{"n":9007199254740993,"password":"${token(9)}"}`,
  ],
  [
    'an error about a ConfigMap that quotes a password',
    configMaps,
    status('password: Invalid value: "hunter2!x": no'),
    json,
    { statusCode: 422 },
    status(`password: Invalid value: "${token(9)}": no`),
  ],
  [
    'a log',
    '/api/v1/namespaces/a/pods/p/log',
    'password=hunter2!x\n',
    { 'content-type': 'text/plain' },
    {},
    `password=${token(9)}\n`,
  ],
  [
    'a log that is refused',
    '/api/v1/namespaces/a/pods/p/log',
    status('no container'),
    json,
    { statusCode: 400 },
    status('no container'),
  ],
  [
    'too many requests, in plain text',
    secrets,
    'Too many requests, please try again later.\n',
    { 'content-type': 'text/plain; charset=utf-8' },
    { statusCode: 429 },
    'Too many requests, please try again later.\n',
  ],
  ['nothing at all', secrets, '', json, {}, ''],
])('passes on %s', (_situation, url, body, headers, options, want) => {
  expect(maskedBy(url, body, headers, options)).toBe(want);
});

test.each<[string, string, string, Record<string, string>]>([
  ['protobuf', secrets, 'k8s\0', { 'content-type': 'application/vnd.kubernetes.protobuf' }],
  ['CBOR of a ConfigMap', configMaps, '\xd9\xd9\xf7', { 'content-type': 'application/cbor' }],
  ['what does not say what it is', secrets, '{}', {}],
  ['a type that only begins like JSON', secrets, '{}', { 'content-type': 'application/json-seq' }],
  ['gzip, unasked', secrets, '{}', { ...json, 'content-encoding': 'gzip' }],
  ['plain text about Secrets', secrets, 'hunter2', { 'content-type': 'text/plain' }],
  ['what claims to be JSON', secrets, '{"data": hunter2', json],
  ['half a list', secrets, '{"kind":"SecretList","items":[{"data":{"k":"aGk="}}', json],
  ['a list that goes on wrongly', secrets, '{"kind":"SecretList","items":[{}]]', json],
  ['a list with no JSON in it', secrets, '{"kind":"SecretList","items":[hunter2]}', json],
  ['half a watch event', `${secrets}?watch=1`, '{"type":"ADDED","object":{"kind":"Secret"', json],
  ['what is nested deeper than the stack', configMaps, `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, json],
])('passes on nothing of %s, and does not quote it', (_situation, url, body, headers) => {
  let thrown: unknown;
  try {
    maskedBy(url, body, headers);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'ERR_MASK_UNREADABLE' });
  expect(String(thrown)).toContain('it cannot be masked and is not passed on');
  expect(String(thrown)).not.toContain('hunter2');
});

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { anywhere } from '../masking/mask-text.ts';
import { parseFieldPath } from '../masking/field-path.ts';
import { createMask } from '../masking/mask.ts';
import { maskItem } from '../masking/mask-answer.ts';
import { restoreMasks } from '../masking/restore-masks.ts';
import { parseAuditEvent, type AuditEvent } from './audit-event.ts';
import { maskEvent } from './mask-event.ts';
import { withheld } from './without-copies.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const value = 'q7Rk2vLx9TzWm4Hs8Yd1';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secrets = { resource: 'secrets', namespace: 'prod', name: 'db', apiVersion: 'v1' };
const secret = (more: object = {}) => ({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name: 'db', namespace: 'prod' },
  data: { k: base64(value) },
  ...more,
});
const tokenOfSecret = mask.ofText({ namespace: 'prod', name: 'db', key: 'k' }, value);

function eventOf(more: object): AuditEvent {
  return parseAuditEvent({
    auditID: 'a-1',
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/prod/pods?fieldManager=kubectl%2Dx&limit=500',
    user: {
      username: 'coding-agent',
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=0b7e4c1e-6f1c-4c0e-9d3f-2f1f0a9f3a11'] },
    },
    userAgent: 'kubectl/v1.36.0 (linux/amd64) kubernetes/0123abc',
    objectRef: { resource: 'pods', namespace: 'prod', name: 'web-0', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-05-04T10:11:12.000345Z',
    stageTimestamp: '2026-05-04T10:11:12.000999Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...more,
  } as unknown as JsonValue);
}

test('an event without a secret stays as it is, escapes and all, and its bodies are not even copied', () => {
  const event = eventOf({
    requestObject: { kind: 'Pod', metadata: { name: 'web-0' } },
    responseObject: { kind: 'Status', status: 'Success' },
  });
  const masked = maskEvent(event, mask);
  expect({ ...event, ...masked }).toEqual(event);
  expect(masked.requestObject).toBe(event.requestObject);
  expect(masked.responseObject).toBe(event.responseObject);
});

test('a copy of a Secret’s value has the mask of the place it comes from, whatever part of the event it is in', () => {
  const masked = maskEvent(
    eventOf({
      objectRef: secrets,
      requestObject: secret(),
      requestURI: `/api/v1/namespaces/prod/secrets/db?fieldManager=${value}`,
      userAgent: `curl ${value}`,
      annotations: { 'decide.holdpoint.dev/reason': `as ${base64(value)}` },
    }),
    mask,
  );
  expect(masked).toMatchObject({
    requestObject: { data: { k: base64(tokenOfSecret) } },
    requestUri: `/api/v1/namespaces/prod/secrets/db?fieldManager=${tokenOfSecret}`,
    userAgent: `curl ${tokenOfSecret}`,
    annotations: { 'decide.holdpoint.dev/reason': `as ${tokenOfSecret}` },
  });
});

test('one password is one mask: in an argument, a variable, a URL, a ConfigMap, whatever the event', () => {
  const token = mask.ofText(anywhere, value);
  const container = (more: object) => ({
    requestObject: { kind: 'Pod', spec: { containers: [{ name: 'c', ...more }] } },
  });
  for (const event of [
    container({ args: ['--password', value] }),
    container({ env: [{ name: 'DB_PASSWORD', value }] }),
    container({ env: [{ name: 'DB', value: `redis://:${value}@x` }] }),
    { requestObject: { kind: 'ConfigMap', data: { 'app.properties': `db.password=${value}\n` } } },
    { requestURI: `/api/v1/namespaces/prod/pods/web-0/exec?command=redis-cli&command=-a&command=${value}` },
  ]) {
    const text = decodeURIComponent(JSON.stringify(maskEvent(eventOf(event), mask)).replaceAll('%', '%25'));
    expect(decodeURIComponent(text)).toContain(token);
    expect(text).not.toContain(value);
  }
});

test('of a Secret’s metadata stays what can be read: last-applied as JSON, words, digests; not what may be a copy', () => {
  const digest = createHash('sha256').update('x').digest('hex');
  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
  const metadata = {
    name: 'db',
    namespace: 'prod',
    labels: { app: 'frontend' },
    annotations: { [lastApplied]: JSON.stringify(secret()), checksum: digest, copied: base64('another value') },
  };
  expect(
    maskEvent(eventOf({ objectRef: secrets, responseObject: secret({ metadata }) }), mask).responseObject,
  ).toMatchObject({
    metadata: {
      labels: { app: 'frontend' },
      annotations: {
        [lastApplied]: JSON.stringify(secret({ data: { k: base64(tokenOfSecret) } })),
        checksum: digest,
        copied: expect.stringMatching(/^holdpoint-mask:/),
      },
    },
  });
});

test('a body made to cost its reader is not kept, and ends', () => {
  const data = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, at) => [`k${String(at)}`, base64(`AAAAAAAA${String(at)}`)]),
  );
  const costly = base64('AAAAAAAA').slice(0, 8).repeat(20_000);
  const bodyOf = (more: object): JsonValue | undefined =>
    maskEvent(eventOf({ objectRef: secrets, responseObject: secret({ data, ...more }) }), mask).responseObject;
  expect(bodyOf({ type: costly })).toBe(withheld);
  expect(bodyOf({ metadata: { name: 'db', annotations: { a: costly } } })).toMatchObject({
    metadata: { annotations: { a: mask.ofText(anywhere, costly) } },
  });
});

test('a short value, or a word, is masked where it stands and nowhere else', () => {
  const requestObject = {
    kind: 'Pod',
    spec: { containers: [{ image: 'postgres:15', env: [{ name: 'POSTGRES_PASSWORD', value: 'postgres' }] }] },
  };
  expect(maskEvent(eventOf({ requestObject }), mask).requestObject).toMatchObject({
    spec: { containers: [{ image: 'postgres:15', env: [{ value: mask.ofText(anywhere, 'postgres') }] }] },
  });
});

describe('a field that a policy names', () => {
  const parsed = parseFieldPath('$.spec.pin');
  const fields = 'path' in parsed ? [parsed.path] : [];
  const token = mask.ofText(anywhere, 'swordfish-12');
  const accounts = { resource: 'accounts', apiGroup: 'shop.example', apiVersion: 'v1', namespace: 'dev', name: 'a' };
  const account = (pin: string) => ({ kind: 'Account', metadata: { name: 'a' }, spec: { pin, colour: 'red' } });

  test.each<[string, object, object]>([
    [
      'in both bodies, and where the event repeats it',
      {
        requestObject: account('swordfish-12'),
        responseObject: account('swordfish-12'),
        requestURI: '/apis/shop.example/v1/namespaces/dev/accounts/a?fieldManager=swordfish-12',
      },
      {
        requestObject: account(token),
        responseObject: account(token),
        requestUri: `/apis/shop.example/v1/namespaces/dev/accounts/a?fieldManager=${token}`,
      },
    ],
    [
      'in a list',
      { responseObject: { kind: 'AccountList', items: [account('swordfish-12')] } },
      { responseObject: { kind: 'AccountList', items: [account(token)] } },
    ],
    [
      'in a patch',
      { requestObject: [{ op: 'replace', path: '/spec/pin', value: 'swordfish-12' }] },
      { requestObject: [{ op: 'replace', path: '/spec/pin', value: token }] },
    ],
    [
      'moved by a patch to where nothing tells it',
      {
        requestObject: [{ op: 'move', from: '/spec/pin', path: '/spec/colour' }],
        responseObject: { kind: 'Account', spec: { colour: 'swordfish-12' } },
      },
      { responseObject: withheld },
    ],
    [
      'quoted by a failure',
      {
        responseStatus: { code: 422, reason: 'Invalid', message: 'spec.pin: Invalid value: "sword"' },
        responseObject: { kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'spec.pin: "sword"' },
      },
      {
        responseStatus: { message: expect.stringContaining('withheld') },
        responseObject: { message: expect.stringContaining('withheld') },
      },
    ],
    [
      'in what the API server tells of a webhook that restored it',
      { annotations: { 'patch.webhook.admission.k8s.io/round_0_index_1': '{"patch":[{"value":"sword"}]}' } },
      { annotations: { 'patch.webhook.admission.k8s.io/round_0_index_1': withheld } },
    ],
  ])('%s', (_situation, event, expected) => {
    const masked = maskEvent(eventOf({ objectRef: accounts, ...event }), mask, fields);
    expect(masked).toMatchObject(expected);
    expect(JSON.stringify(masked)).not.toContain('sword');
  });
});

test.each<[string, object, object, JsonObject]>([
  [
    'a variable of a Deployment',
    { resource: 'deployments', namespace: 'prod', name: 'web', apiGroup: 'apps', apiVersion: 'v1' },
    {
      spec: {
        template: { spec: { containers: [{ name: 'web', env: [{ name: 'DB_PASSWORD', value: 's3cr3t-v4lue' }] }] } },
      },
    },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
  ],
  [
    'a word of a command line',
    { resource: 'deployments', namespace: 'prod', name: 'web', apiGroup: 'apps', apiVersion: 'v1' },
    {
      spec: {
        template: { spec: { containers: [{ name: 'web', command: ['serve'], args: ['--password', 's3cr3t-v4lue'] }] } },
      },
    },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
  ],
  ['a Secret', secrets, { data: { k: base64('s3cr3t-v4lue') } }, { apiVersion: 'v1', kind: 'Secret' }],
  [
    'an annotation',
    { resource: 'configmaps', namespace: 'prod', name: 'c', apiVersion: 'v1' },
    { metadata: { name: 'c', annotations: { 'example.com/api-token': 's3cr3t-v4lue' } } },
    { apiVersion: 'v1', kind: 'ConfigMap' },
  ],
])(
  'what our webhook restored, as the API server tells it without any answer: %s',
  (_situation, objectRef, parts, kind) => {
    const object = { metadata: { name: 'x', namespace: 'prod' }, ...kind, ...(parts as JsonObject) };
    const how = {
      detectors: 'all',
      fields: [],
      ...(kind.kind === 'Secret' ? { assumed: { kind: 'Secret' } } : {}),
    } as const;
    const shown = maskItem(object, mask, how);
    expect(JSON.stringify(shown)).not.toContain('s3cr3t-v4lue');
    const { patch } = restoreMasks({ object: shown, oldObject: object, mask, how });
    expect(JSON.stringify(patch)).toMatch(/s3cr3t-v4lue|czNjcjN0LXY0bHVl/);
    const told = JSON.stringify({
      configuration: 'holdpoint.dev',
      webhook: 'restore.holdpoint.dev',
      patch,
      patchType: 'JSONPatch',
    });
    const annotations = { 'patch.webhook.admission.k8s.io/round_0_index_1': told };
    const masked = JSON.stringify(maskEvent(eventOf({ objectRef, requestObject: shown, annotations }), mask));
    expect(masked).not.toContain('s3cr3t-v4lue');
    expect(masked).not.toContain(base64('s3cr3t-v4lue'));
  },
);

import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  answerMaskingOf,
  createMask,
  maskItem,
  requestInfoOf,
  withReleases,
  type AnswerMasking,
  type JsonObject,
  type JsonValue,
  type RequestInfo,
} from '@holdpoint/core';
import { releaseCodec as codec } from '@holdpoint/platform';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { UpstreamCall } from '../upstream/api-server.ts';
import { lengthDelimited } from './protobuf-wire.ts';
import { restoreWritten } from './restore-written.ts';

const mask = withReleases(
  createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
  codec,
);
const hold = (): undefined => undefined;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const value = 'correct-horse-battery';
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'shop', namespace: 'dev', annotations: { 'meta.helm.sh/release-name': 'shop' } },
  data: { password: base64(value) },
};
const releaseOf = (version: number, password: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: `sh.helm.release.v1.shop.v${String(version)}`,
    namespace: 'dev',
    labels: { owner: 'helm', name: 'shop', version: String(version) },
  },
  type: 'helm.sh/release.v1',
  data: {
    release: codec.close({
      text: JSON.stringify({
        name: 'shop',
        namespace: 'dev',
        version,
        config: { password },
        manifest: `---\nkind: Secret\napiVersion: v1\nmetadata: {name: shop}\ndata:\n  password: ${base64(password)}\n`,
      }),
      base64Layers: 2,
    }),
  },
});
const shown = (object: JsonValue): JsonObject =>
  maskItem(object, mask, { detectors: 'all', fields: [], assumed: { kind: 'Secret' } }) as JsonObject;

function requestOf(method: string, url: string, contentType = 'application/json'): ProxyRequest {
  return {
    method,
    url,
    info: requestInfoOf(method, url) as RequestInfo,
    query: [],
    token: '',
    headers: { 'content-type': contentType },
    requestId: 'r',
    user: { username: 'bot', groups: [], extra: {} },
  };
}

/** Answers what is asked for, and remembers what it was asked. */
function upstreamWith(answers: Record<string, JsonValue>): {
  calls: UpstreamCall[];
  send: (call: UpstreamCall) => Promise<IncomingMessage>;
} {
  const calls: UpstreamCall[] = [];
  return {
    calls,
    send(call) {
      calls.push(call);
      const answer = answers[call.url] ?? { kind: 'Status', status: 'Failure', code: 404 };
      return Promise.resolve(Readable.from([Buffer.from(JSON.stringify(answer))]) as unknown as IncomingMessage);
    },
  };
}

const revisions = '/api/v1/namespaces/dev/secrets?labelSelector=owner%3Dhelm%2Cname%3Dshop';
const run = async (
  request: ProxyRequest,
  body: Buffer,
  answers: Record<string, JsonValue>,
  how = answerMaskingOf([], request.info),
) => {
  const apiServer = upstreamWith(answers);
  const sent = await restoreWritten({ apiServer, mask, codec, hold }, request, how, body, new AbortController().signal);
  return { sent, calls: apiServer.calls };
};
const bytes = (object: JsonValue): Buffer => Buffer.from(JSON.stringify(object));
const openRelease = (payload: unknown): unknown => JSON.parse(codec.open(String(payload))?.text ?? '');

/** As client-go encodes a Secret. */
function protobufOf(object: JsonObject): Buffer {
  const { metadata, data } = object as { metadata: { name: string; labels: JsonObject }; data: Record<string, string> };
  const text = (number: number, each: string): Buffer => lengthDelimited(number, Buffer.from(each));
  const entry = (number: number, key: string, each: Buffer): Buffer =>
    lengthDelimited(number, Buffer.concat([text(1, key), lengthDelimited(2, each)]));
  const labels = Object.entries(metadata.labels).map(([key, each]) => entry(11, key, Buffer.from(String(each))));
  const raw = Buffer.concat([
    lengthDelimited(1, Buffer.concat([text(1, metadata.name), ...labels])),
    ...Object.entries(data).map(([key, each]) => entry(2, key, Buffer.from(each, 'base64'))),
    text(3, 'helm.sh/release.v1'),
  ]);
  const typeMeta = Buffer.concat([text(1, 'v1'), text(2, 'Secret')]);
  return Buffer.concat([
    Buffer.from('k8s\0'),
    lengthDelimited(1, typeMeta),
    lengthDelimited(2, raw),
    text(3, ''),
    text(4, ''),
  ]);
}

describe('the record of a new revision', () => {
  const create = '/api/v1/namespaces/dev/secrets';
  const next = { ...shown(releaseOf(1, value)), metadata: releaseOf(2, value)['metadata'] } as JsonObject;
  const list = { kind: 'SecretList', items: [releaseOf(1, value)] };

  test('in JSON: restored from the revision before, read in the name of the client', async () => {
    const { sent, calls } = await run(requestOf('POST', create), bytes(next), { [revisions]: list });
    const written = JSON.parse(sent.toString()) as { data: { release: string } };
    expect(openRelease(written.data.release)).toEqual(
      openRelease((releaseOf(1, value)['data'] as JsonObject)['release']),
    );
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ method: 'GET', url: revisions, headers: { 'impersonate-user': 'bot' } });
  });

  test('in protobuf: the same, and all else byte for byte', async () => {
    const request = requestOf('POST', create, 'application/vnd.kubernetes.protobuf');
    const { sent } = await run(request, protobufOf(next), { [revisions]: list });
    const original = { ...next, data: releaseOf(1, value)['data'] } as JsonObject;
    expect(sent.equals(protobufOf(original))).toBe(true);
  });

  test('where answers are not masked, nothing is restored', async () => {
    const apiServer = upstreamWith({ [revisions]: list });
    const { signal } = new AbortController();
    const body = bytes(next);
    const request = requestOf('POST', create);
    expect(await restoreWritten({ apiServer, mask, codec, hold }, request, undefined, body, signal)).toBe(body);
    expect(apiServer.calls).toEqual([]);
  });

  test('of what no revision showed, the mask stays', async () => {
    const { sent } = await run(requestOf('POST', create), bytes(next), {
      [revisions]: { kind: 'SecretList', items: [releaseOf(1, 'another-horse-battery')] },
    });
    const written = JSON.parse(sent.toString()) as { data: { release: string } };
    expect(openRelease(written.data.release)).toEqual(openRelease((next['data'] as JsonObject)['release']));
  });

  test.each<[string, JsonObject]>([
    ['no release', { ...next, metadata: { name: 'x', labels: {} } }],
    [
      'a name that would be another selector',
      { ...next, metadata: { name: 'x', labels: { owner: 'helm', name: 'a,b=c' } } },
    ],
    ['no mask', releaseOf(2, value)],
  ])('%s: sent as it came, and nothing is read', async (_situation, object) => {
    const body = bytes(object);
    expect(await run(requestOf('POST', create), body, {})).toEqual({ sent: body, calls: [] });
  });
});

describe('server-side apply', () => {
  const url = '/api/v1/namespaces/dev/secrets/shop?fieldManager=kubectl';
  const path = '/api/v1/namespaces/dev/secrets/shop';
  const apply = requestOf('PATCH', url, 'application/apply-patch+yaml');

  test('a field that a policy names, of another kind', async () => {
    const where = '/apis/shop.example/v1/namespaces/dev/accounts/a';
    const spec = { masking: { fields: [{ resources: ['accounts'], paths: ['$.spec.pin'] }] } };
    const request = requestOf('PATCH', `${where}?fieldManager=kubectl`, 'application/apply-patch+yaml');
    const how = answerMaskingOf([{ spec }], request.info) as AnswerMasking;
    const account = { apiVersion: 'shop.example/v1', kind: 'Account', metadata: { name: 'a', namespace: 'dev' } };
    const live = { ...account, spec: { pin: 4711 } };
    const { sent } = await run(request, bytes(maskItem(live, mask, how)), { [where]: live }, how);
    expect(JSON.parse(sent.toString())).toEqual(live);
  });

  test('restored from the object that is there', async () => {
    const { sent, calls } = await run(apply, bytes(shown(secret)), { [path]: secret });
    expect(JSON.parse(sent.toString())).toEqual(secret);
    expect(calls.map((call) => call.url)).toEqual([path]);
  });

  test('a rollback: restored from the revision that showed it, where the value is another one now', async () => {
    const now = { ...secret, data: { password: base64('another-horse-battery') } };
    const { sent } = await run(apply, bytes(shown(secret)), {
      [path]: now,
      [revisions]: { items: [releaseOf(2, 'another-horse-battery'), releaseOf(1, value)] },
    });
    expect(JSON.parse(sent.toString())).toEqual(secret);
  });

  test.each<[string, ProxyRequest, Buffer]>([
    [
      'a merge patch: the webhook restores it',
      requestOf('PATCH', path, 'application/merge-patch+json'),
      bytes(shown(secret)),
    ],
    ['no mask', apply, bytes(secret)],
    ['what is no JSON', apply, Buffer.from('data: {a: holdpoint-mask:v1:0}')],
  ])('%s: sent as it came', async (_situation, request, body) => {
    expect(await run(request, body, {})).toEqual({ sent: body, calls: [] });
  });

  test('what is not there restores nothing', async () => {
    const { sent } = await run(apply, bytes(shown({ ...secret, metadata: { name: 'shop', namespace: 'dev' } })), {});
    expect(JSON.parse(sent.toString())).toMatchObject({ data: shown(secret)['data'] });
  });
});

describe('a field that a policy names, and that is no text', () => {
  const path = '/api/v1/namespaces/dev/services/shop';
  const spec = { masking: { fields: [{ resources: ['services'], paths: ['$..nodePort', '$.spec.publish'] }] } };
  const live = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', namespace: 'dev' },
    spec: { publish: true, ports: [{ name: 'http', port: 80, nodePort: 30_471 }] },
  };
  const masked = (how: AnswerMasking, object: JsonObject): JsonObject => maskItem(object, mask, how) as JsonObject;

  test.each<[string, string, string, (shown: JsonObject) => JsonObject, JsonObject]>([
    ['replaced whole', 'PUT', 'application/json', (shown) => shown, live],
    [
      'in a merge patch',
      'PATCH',
      'application/merge-patch+json',
      (shown) => ({ spec: shown['spec'] ?? null }),
      { metadata: { namespace: 'dev' }, spec: live.spec },
    ],
    [
      'in a strategic merge patch, the list in another order',
      'PATCH',
      'application/strategic-merge-patch+json',
      (shown) => {
        const { ports } = shown['spec'] as { ports: JsonValue[] };
        return { spec: { ports: [{ name: 'admin', port: 81 }, ...ports] } };
      },
      { metadata: { namespace: 'dev' }, spec: { ports: [{ name: 'admin', port: 81 }, ...live.spec.ports] } },
    ],
  ])('%s: the API server is sent what it can read', async (_situation, method, contentType, write, expected) => {
    const request = requestOf(method, path, contentType);
    const how = answerMaskingOf([{ spec }], request.info) as AnswerMasking;
    const { sent, calls } = await run(request, bytes(write(masked(how, live))), { [path]: live }, how);
    expect(JSON.parse(sent.toString())).toEqual(expected);
    expect(calls).toMatchObject([{ method: 'GET', url: path, headers: { 'impersonate-user': 'bot' } }]);
  });

  test('in another place it stays a mask, for the webhook to refuse', async () => {
    const request = requestOf('PUT', path);
    const how = answerMaskingOf([{ spec }], request.info) as AnswerMasking;
    const shown = masked(how, live) as { spec: { ports: { nodePort: JsonValue }[] } };
    const moved = { ...live, spec: { ports: [{ name: 'http', port: shown.spec.ports[0]?.nodePort ?? null }] } };
    const { sent } = await run(request, bytes(moved), { [path]: live }, how);
    expect(JSON.parse(sent.toString())).toEqual(moved);
  });
});

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { failureStatus, requestInfoOf, type Elevation, type RequestInfo } from '@holdpoint/core';
import type { Answer } from '../pause/held-answer.ts';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { ApiServer, UpstreamCall } from './api-server.ts';
import { createElevatedSend } from './elevated-send.ts';

const url = '/apis/apps/v1/namespaces/prod/deployments/web';
const a: Elevation = ['holdpoint:a'];
const b: Elevation = ['holdpoint:b'];
function requestOf(elevations: readonly Elevation[], method = 'PATCH', path = url): ProxyRequest {
  return {
    method,
    url: path,
    info: requestInfoOf(method, path) as RequestInfo,
    query: [],
    token: 't',
    headers: { accept: 'application/json' },
    requestId: 'r-1',
    user: { username: 'bot', groups: ['agents'], extra: {} },
    elevations,
  };
}

const answerOf = (statusCode: number, body: unknown): IncomingMessage =>
  Object.assign(Readable.from([Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))]), {
    statusCode,
    headers: {},
  }) as unknown as IncomingMessage;
const fine = (): Answer => ({ answer: answerOf(200, {}) });
const no = (message: string, reason?: string) => (): Answer => ({
  answer: answerOf(
    403,
    failureStatus(403, message, reason === undefined ? undefined : { causes: [{ reason, field: 'f', message: 'm' }] }),
  ),
});
const byRbac = no(
  'deployments.apps "web" is forbidden: User "bot" cannot patch resource "deployments" in API group "apps"',
);
const notTheRules = no('admission webhook "judge.holdpoint.dev" denied the request: …', 'HoldpointElevation');
const byRule = no('admission webhook "judge.holdpoint.dev" denied the request: User "x" cannot', 'HoldpointRule');
const byQuota = no('pods "web" is forbidden: exceeded quota: q');

/** An API server that says of everybody whether they may read; and what it was asked. */
function apiServer(mayRead: boolean): { server: ApiServer; asked: UpstreamCall[] } {
  const asked: UpstreamCall[] = [];
  return {
    asked,
    server: {
      send: (call) => {
        asked.push(call);
        return Promise.resolve(answerOf(201, { status: { allowed: mayRead } }));
      },
      upgrade: () => Promise.reject(new Error('not asked for')),
    },
  };
}

const live = new AbortController().signal;

/** Sends with what answers in turn; what was sent with which groups. */
async function run(
  elevations: readonly Elevation[],
  answers: readonly (() => object)[],
  { mayRead = true, method, path }: { mayRead?: boolean; method?: string; path?: string } = {},
) {
  const { server, asked } = apiServer(mayRead);
  const send = createElevatedSend(server, requestOf(elevations, method, path), live);
  const sent: Elevation[] = [];
  const outcome = await send((groups) => {
    sent.push(groups);
    return Promise.resolve((answers[sent.length - 1] ?? fine)());
  });
  const code = 'answer' in outcome ? (outcome as Answer).answer.statusCode : 0;
  return { sent, code, asked, outcome };
}

test.each<{ situation: string; elevations: Elevation[]; answers: (() => object)[]; want: Elevation[]; code: number }>([
  { situation: 'no rule lends anything: once, with nothing', elevations: [], answers: [byRbac], want: [[]], code: 403 },
  { situation: 'it is the right permission: once', elevations: [a], answers: [fine], want: [a], code: 200 },
  {
    situation: 'held: once, and the pause has it',
    elevations: [a],
    answers: [() => ({ hold: 'h-1' })],
    want: [a],
    code: 0,
  },
  { situation: 'upgraded: once', elevations: [a], answers: [() => ({ upgraded: {} })], want: [a], code: 0 },
  {
    situation: 'the rule that decides lends nothing: again, with nothing',
    elevations: [a],
    answers: [notTheRules, fine],
    want: [a, []],
    code: 200,
  },
  {
    situation: 'it is not enough for RBAC: the next one',
    elevations: [a, b],
    answers: [byRbac, fine],
    want: [a, b],
    code: 200,
  },
  {
    situation: 'none is enough: what RBAC says to the user alone',
    elevations: [a, b],
    answers: [byRbac, notTheRules, byRbac],
    want: [a, b, []],
    code: 403,
  },
  { situation: 'a rule refuses it: once', elevations: [a, b], answers: [byRule], want: [a], code: 403 },
  {
    situation: 'a quota refuses it, after an approval was used: once',
    elevations: [a],
    answers: [byQuota],
    want: [a],
    code: 403,
  },
  {
    situation: 'it fails otherwise: once',
    elevations: [a],
    answers: [() => ({ answer: answerOf(409, {}) })],
    want: [a],
    code: 409,
  },
  {
    situation: 'a 403 that is no Status: once',
    elevations: [a],
    answers: [() => ({ answer: answerOf(403, 'is forbidden: User "x" cannot') })],
    want: [a],
    code: 403,
  },
])('$situation', async ({ elevations, answers, want, code }) => {
  const { sent, ...rest } = await run(elevations, answers);
  expect({ sent, code: rest.code }).toEqual({ sent: want, code });
});

test('a 403 that was read to see what it says is handed on whole', async () => {
  const { outcome } = await run([a], [byQuota]);
  expect(JSON.parse(String((outcome as Answer).body))).toMatchObject({
    message: 'pods "web" is forbidden: exceeded quota: q',
  });
});

test.each([
  { situation: 'a change of what it may not read', mayRead: false, want: [[]] },
  { situation: 'a change of what it may read', mayRead: true, want: [a] },
  {
    situation: 'a create, which tells nothing',
    mayRead: false,
    method: 'POST',
    path: '/api/v1/namespaces/prod/pods',
    want: [a],
  },
  {
    situation: 'a dry run of a create, which tells whether the name is taken',
    mayRead: false,
    method: 'POST',
    path: '/api/v1/namespaces/prod/pods?dryRun=All',
    want: [[]],
  },
  {
    situation: 'a create on a subresource of what it may not read',
    mayRead: false,
    method: 'POST',
    path: '/api/v1/namespaces/prod/pods/a/eviction',
    want: [[]],
  },
])('$situation: sent with $want', async ({ mayRead, method, path, want }) => {
  const { sent } = await run([a], [fine], { mayRead, ...(method === undefined ? {} : { method, path }) });
  expect(sent).toEqual(want);
});

test('asks whether it may read in the user’s own name, without what would be lent', async () => {
  const { asked } = await run([a], [fine]);
  expect(asked).toMatchObject([
    {
      method: 'POST',
      url: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      headers: { 'impersonate-user': 'bot', 'impersonate-group': ['agents'] },
    },
  ]);
  expect(JSON.parse(String(asked[0]?.body))).toMatchObject({
    spec: {
      resourceAttributes: {
        ...{ verb: 'get', group: 'apps', version: 'v1', resource: 'deployments' },
        ...{ namespace: 'prod', name: 'web' },
      },
    },
  });
});

test('after a pause: with the permission that it was held with, and asks no second time whether it may read', async () => {
  const { server, asked } = apiServer(true);
  const send = createElevatedSend(server, requestOf([a, b]), live);
  const sent: Elevation[] = [];
  const answers = [notTheRules, (): object => ({ hold: 'h-1' }), fine];
  const attempt = (groups: Elevation) => {
    sent.push(groups);
    return Promise.resolve((answers[sent.length - 1] ?? fine)());
  };
  await send(attempt);
  await send(attempt);
  expect(sent).toEqual([a, b, b]);
  expect(asked).toHaveLength(1);
});

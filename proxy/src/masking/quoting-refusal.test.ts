import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { answerMaskingOf, createMask, requestInfoOf, type AnswerMasking, type RequestInfo } from '@holdpoint/core';
import type { ProxyRequest } from '../request/proxy-request.ts';
import type { UpstreamCall } from '../upstream/api-server.ts';
import { mayQuoteMasked } from './quoting-refusal.ts';

const mask = createMask(() => 'a'.repeat(64));
const box = '/apis/example.com/v1/namespaces/dev/boxes/b';
const held = { kind: 'Box', spec: { password: 'hunter2!x' } };
const harmless = { kind: 'Box', spec: { colour: 'red' } };

async function asked(
  method: string,
  url: string,
  code: number,
  stored: { code: number; body: string },
): Promise<{ quotes: boolean; calls: string[] }> {
  const calls: string[] = [];
  const send = ({ method: verb, url: path, headers }: UpstreamCall): Promise<IncomingMessage> => {
    calls.push(`${verb} ${path} as ${String(headers['impersonate-user'])}`);
    const answer = Object.assign(Readable.from([Buffer.from(stored.body)]), { statusCode: stored.code });
    return Promise.resolve(answer as unknown as IncomingMessage);
  };
  const info = requestInfoOf(method, url) as RequestInfo;
  const request: ProxyRequest = {
    method,
    url,
    info,
    query: [],
    token: '',
    headers: { 'content-type': 'application/merge-patch+json' },
    requestId: 'r',
    user: { username: 'bot', groups: [], extra: {} },
  };
  const how = answerMaskingOf([{ spec: {} }], info) as AnswerMasking;
  const { signal } = new AbortController();
  return { quotes: await mayQuoteMasked({ apiServer: { send }, mask }, request, how, code, signal), calls };
}

const got = (path: string): string[] => [`GET ${path} as bot`];
const found = (object: object): { code: number; body: string } => ({ code: 200, body: JSON.stringify(object) });

test.each<[string, string, string, number, { code: number; body: string }, boolean, string[]]>([
  ['of what holds a secret', 'PATCH', `${box}?dryRun=All`, 422, found(held), true, got(box)],
  ['of its subresource', 'PUT', `${box}/status`, 422, found(held), true, got(box)],
  ['of what holds none', 'PATCH', box, 422, found(harmless), false, got(box)],
  ['of what is not there', 'PATCH', box, 422, { code: 404, body: '{}' }, false, got(box)],
  ['of what the client may not read', 'PATCH', box, 403, { code: 403, body: '{}' }, true, got(box)],
  ['of what cannot be read', 'PATCH', box, 400, { code: 200, body: 'no JSON' }, true, got(box)],
  ['that was not refused', 'PATCH', box, 200, found(held), false, []],
  ['that conflicts', 'PATCH', box, 409, found(held), false, []],
  ['of what is created', 'POST', '/apis/example.com/v1/namespaces/dev/boxes', 422, found(held), false, []],
  ['of a built-in kind', 'PATCH', '/apis/apps/v1/namespaces/dev/deployments/d', 422, found(held), false, []],
])('a write %s', async (_situation, method, url, code, stored, quotes, calls) => {
  expect(await asked(method, url, code, stored)).toEqual({ quotes, calls });
});

import { expect, test } from '@jest/globals';
import { requestInfoOf, type RequestInfo, type UserInfo } from '@holdpoint/core';
import type { ProxyRequest } from '../request/proxy-request.ts';
import { upstreamHeaders } from './impersonation.ts';

function requestOf(user: Partial<UserInfo>, more: Partial<ProxyRequest> = {}): ProxyRequest {
  return {
    method: 'GET',
    url: '/api/v1/pods',
    info: requestInfoOf('GET', '/api/v1/pods') as RequestInfo,
    query: [],
    token: 't',
    headers: { accept: 'application/json', range: 'bytes=0-1' },
    requestId: 'r-1',
    user: { username: 'coding-agent', groups: [], extra: {}, ...user },
    ...more,
  };
}

test('speaks in the user’s name, with extras of our own and a new Audit-ID', () => {
  const user = {
    username: 'größe',
    groups: ['ai-agents', 'system:authenticated'],
    extra: { 'holdpoint.dev/session': ['s 1\n'], 'holdpoint.dev/on-behalf-of': ['carol'], 'other/key': ['x'] },
  };
  const headers = upstreamHeaders(requestOf(user, { command: 'kubectl get', invocation: 'i-1' }), { range: undefined });
  expect(headers).toEqual({
    accept: 'application/json',
    'audit-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'impersonate-user': Buffer.from('größe').toString('latin1'),
    'impersonate-group': ['ai-agents'],
    'impersonate-extra-holdpoint.dev%2Fsession': 's%201%0A',
    'impersonate-extra-holdpoint.dev%2Fon-behalf-of': 'carol',
    'impersonate-extra-holdpoint.dev%2Frequest': 'r-1',
    'impersonate-extra-holdpoint.dev%2Fcommand': 'kubectl get',
    'impersonate-extra-holdpoint.dev%2Finvocation': 'i-1',
  });
});

test('elevated: the groups that are lent, beside the user’s own', () => {
  const headers = upstreamHeaders(requestOf({ groups: ['ai-agents'] }), {}, ['holdpoint:deployer']);
  expect(headers['impersonate-group']).toEqual(['ai-agents', 'holdpoint:deployer']);
});

test('sends nothing without a user: it would run as the proxy itself', () => {
  expect(() => upstreamHeaders(requestOf({ username: '' }))).toThrow('cannot be impersonated');
});

test.each<[string, Partial<UserInfo>]>([
  ['an administrator’s group', { groups: ['ai-agents', 'system:masters'] }],
  ['a node', { username: 'system:node:node-1' }],
  ['our own account', { username: 'system:serviceaccount:holdpoint-system:holdpoint-webhook' }],
])('sends nothing in the name of %s', (_situation, user) => {
  expect(() => upstreamHeaders(requestOf(user))).toThrow(/is the cluster's own|Holdpoint running/);
});

test('two sends of one request are two audit events', () => {
  const request = requestOf({});
  expect(upstreamHeaders(request)['audit-id']).not.toBe(upstreamHeaders(request)['audit-id']);
});

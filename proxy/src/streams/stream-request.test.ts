import { expect, test } from '@jest/globals';
import { requestInfoOf, type AccessPolicy, type ExecRecording, type RequestInfo } from '@holdpoint/core';
import type { ProxyRequest } from '../request/proxy-request.ts';
import { readStreamRequest } from './stream-request.ts';

function policiesWith(record: ExecRecording | undefined): AccessPolicy[] {
  const exec = record === undefined ? {} : { exec: { record } };
  const spec = { subjects: [{ kind: 'User' as const, name: 'coding-agent' }], ...exec };
  return [{ apiVersion: 'holdpoint.dev/v1alpha1', kind: 'AccessPolicy', metadata: { name: 'a' }, spec }];
}

function requestOf(url: string): ProxyRequest {
  const user = { username: 'coding-agent', groups: [], extra: {} };
  return {
    method: 'GET',
    url,
    info: requestInfoOf('GET', url) as RequestInfo,
    query: [],
    token: '',
    headers: {},
    requestId: 'r',
    user,
  };
}

const webSocket = (protocols: string): Record<string, string> => ({
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'k',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': protocols,
  'sec-websocket-extensions': 'permessage-deflate',
});
const passed = (protocols: string): object => ({
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'k',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': protocols,
});
const spdy = { upgrade: 'SPDY/3.1', connection: 'Upgrade', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
const pod = '/api/v1/namespaces/a/pods/p';

test.each<[string, string, Record<string, string>, ExecRecording | undefined, object]>([
  [
    'exec, recorded unless said otherwise, no extensions',
    `${pod}/exec`,
    webSocket('v5.channel.k8s.io'),
    undefined,
    {
      kind: 'exec',
      protocol: 'websocket',
      isTerminal: true,
      recordInput: true,
      record: 'Required',
      headers: passed('v5.channel.k8s.io'),
    },
  ],
  [
    'attach, recorded if it can be',
    `${pod}/attach`,
    webSocket('v4.channel.k8s.io'),
    'BestEffort',
    {
      kind: 'attach',
      protocol: 'websocket',
      isTerminal: true,
      recordInput: true,
      record: 'BestEffort',
      headers: passed('v4.channel.k8s.io'),
    },
  ],
  [
    'a bearer token dressed as a subprotocol: left out',
    `${pod}/exec`,
    webSocket('base64url.bearer.authorization.k8s.io.YWRtaW4, v5.channel.k8s.io'),
    'Off',
    {
      kind: 'exec',
      protocol: 'websocket',
      isTerminal: true,
      recordInput: true,
      record: 'Off',
      headers: passed('v5.channel.k8s.io'),
    },
  ],
  [
    'port-forward: nothing to record',
    `${pod}/portforward`,
    webSocket('SPDY/3.1+portforward.k8s.io'),
    undefined,
    {
      kind: 'portforward',
      protocol: 'websocket',
      isTerminal: false,
      recordInput: false,
      record: 'Off',
      headers: passed('SPDY/3.1+portforward.k8s.io'),
    },
  ],
  [
    'SPDY, with the versions that we know',
    `${pod}/exec`,
    { ...spdy, 'x-stream-protocol-version': 'v9.channel.k8s.io, v4.channel.k8s.io, channel.k8s.io' },
    undefined,
    {
      kind: 'exec',
      protocol: 'spdy',
      isTerminal: true,
      recordInput: true,
      record: 'Required',
      headers: { ...spdy, 'x-stream-protocol-version': ['v4.channel.k8s.io', 'channel.k8s.io'] },
    },
  ],
  [
    'SPDY port-forward',
    `${pod}/portforward`,
    { ...spdy, 'x-stream-protocol-version': 'portforward.k8s.io' },
    undefined,
    {
      kind: 'portforward',
      protocol: 'spdy',
      isTerminal: false,
      recordInput: false,
      record: 'Off',
      headers: { ...spdy, 'x-stream-protocol-version': ['portforward.k8s.io'] },
    },
  ],
])('serves %s', (_situation, url, headers, record, want) => {
  expect(readStreamRequest(requestOf(url), headers, policiesWith(record))).toEqual(want);
});

test.each<[string, string, Record<string, string>, number]>([
  ['a watch over WebSocket', '/api/v1/secrets?watch=1', webSocket('v5.channel.k8s.io'), 400],
  ['a tunnel', `${pod}/proxy`, webSocket('v5.channel.k8s.io'), 400],
  ['exec of another group', '/apis/x/v1/namespaces/a/pods/p/exec', webSocket('v5.channel.k8s.io'), 400],
  ['channels in base64, which the recorder cannot read', `${pod}/exec`, webSocket('base64.channel.k8s.io'), 400],
  ['no subprotocol', `${pod}/exec`, webSocket(''), 400],
  ['HTTP/2', `${pod}/exec`, { upgrade: 'h2c' }, 400],
  ['SPDY of an unknown version', `${pod}/exec`, { ...spdy, 'x-stream-protocol-version': 'v9.channel.k8s.io' }, 400],
  ['SPDY of no version', `${pod}/exec`, { upgrade: 'SPDY/3.1', connection: 'Upgrade' }, 400],
])('refuses %s', (_situation, url, headers, code) => {
  expect(readStreamRequest(requestOf(url), headers, policiesWith(undefined))).toMatchObject({ refused: { code } });
});

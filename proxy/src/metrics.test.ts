import { expect, test } from '@jest/globals';
import { failureStatus, requestInfoOf } from '@holdpoint/core';
import { createMetrics } from '@holdpoint/platform';
import { createProxyMetrics } from './metrics.ts';
import type { Exchange } from './transcript/exchange.ts';

const pod = '/api/v1/namespaces/prod/pods/web';

function exchangeOf(url: string, more: Partial<Exchange> = {}): Exchange {
  const info = requestInfoOf('GET', url);
  if ('refused' in info) throw new Error(info.message);
  return {
    ...{ receivedAtMs: 0, method: 'GET', url, sourceIp: '', userAgent: '', auditId: 'a', attempts: 1, upstreamMs: 1 },
    ...{ bytesIn: 0, masked: { values: 0, places: new Set<string>() }, isUpgrade: true },
    received: {
      method: 'GET',
      url,
      info,
      query: [],
      token: '',
      headers: {},
      command: undefined,
      invocation: undefined,
    },
    ...more,
  };
}
const refusedWith = (code: number): Partial<Exchange> => ({
  refusal: { refused: failureStatus(code, 'no'), reason: 'no' },
});

test.each<{ situation: string; exchange: Exchange; want: string[] }>([
  {
    situation: 'a terminal that its user left',
    exchange: exchangeOf(`${pod}/exec?command=sh`, { upgraded: true, sessionEnd: 'closed' }),
    want: ['{kind="exec",reason="closed"} 1'],
  },
  {
    situation: 'a port-forward whose policy was taken back',
    exchange: exchangeOf(`${pod}/portforward`, { upgraded: true, sessionEnd: 'cut' }),
    want: ['{kind="portforward",reason="cut"} 1'],
  },
  {
    situation: 'a terminal that could not be recorded any more',
    exchange: exchangeOf(`${pod}/attach`, { upgraded: true, sessionEnd: 'failed' }),
    want: ['{kind="attach",reason="failed"} 1'],
  },
  {
    situation: 'refused by a policy',
    exchange: exchangeOf(`${pod}/exec`, refusedWith(403)),
    want: ['{kind="exec",reason="denied"} 1'],
  },
  {
    situation: 'no recorder to begin with',
    exchange: exchangeOf(`${pod}/exec`, refusedWith(503)),
    want: ['{kind="exec",reason="failed"} 1'],
  },
  {
    situation: 'a client that left while a person was asked',
    exchange: exchangeOf(`${pod}/exec`),
    want: ['{kind="exec",reason="closed"} 1'],
  },
  {
    situation: 'an upgrade of something else',
    exchange: exchangeOf('/api/v1/pods?watch=true', refusedWith(400)),
    want: [],
  },
  {
    situation: 'the same URL without an upgrade',
    exchange: exchangeOf(`${pod}/exec`, { ...refusedWith(400), isUpgrade: undefined }),
    want: [],
  },
])('how a stream ended: $situation', async ({ exchange, want }) => {
  const metrics = createMetrics({ service: 'proxy', version: '0' });
  createProxyMetrics(metrics).requestEnded(exchange, { code: 101, bytesOut: 0, endedAtMs: 1 });
  const name = 'holdpoint_proxy_streams_ended_total';
  const lines = (await metrics.exposition()).text.split('\n').filter((line) => line.startsWith(`${name}{`));
  expect(lines.map((line) => line.slice(name.length))).toEqual(want);
});

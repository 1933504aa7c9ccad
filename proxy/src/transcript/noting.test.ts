import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import type { ApiServer, UpstreamCall, UpgradeAnswer } from '../upstream/api-server.ts';
import type { Exchange } from './exchange.ts';
import { notingMask, notingUpstream, noteSession } from './noting.ts';

function exchangeOf(): Exchange {
  return {
    ...{ receivedAtMs: 0, method: 'POST', url: '/', sourceIp: '', userAgent: '', auditId: 'own' },
    ...{ attempts: 0, upstreamMs: 0, bytesIn: 0, masked: { values: 0, places: new Set<string>() } },
  };
}

const call = (auditId: string, body?: string): UpstreamCall => ({
  ...{ method: 'POST', url: '/', headers: { 'audit-id': auditId }, signal: new AbortController().signal },
  ...(body === undefined ? {} : { body: Buffer.from(body) }),
});
const answer = {} as IncomingMessage;

/** An API server whose every answer takes five milliseconds of the clock that it is given. */
function createSlow(upgraded: UpgradeAnswer = { switched: false, answer }) {
  let atMs = 0;
  const apiServer: ApiServer = {
    async send({ url }) {
      atMs += 5;
      if (url === '/down') throw new Error('down');
      return answer;
    },
    async upgrade() {
      atMs += 5;
      return upgraded;
    },
  };
  return { apiServer, elapsed: () => atMs };
}

test('of several attempts: the id of the last, their number, their time together', async () => {
  const { apiServer, elapsed } = createSlow();
  const exchange = exchangeOf();
  const noted = notingUpstream(apiServer, exchange, elapsed);
  await noted.send(call('first', 'body'));
  await noted.send(call('second', 'body'));
  expect(exchange).toMatchObject({ auditId: 'second', attempts: 2, upstreamMs: 10, bytesIn: 4 });
});

test('an attempt that failed is one', async () => {
  const { apiServer, elapsed } = createSlow();
  const exchange = exchangeOf();
  const noted = notingUpstream(apiServer, exchange, elapsed);
  await expect(noted.send({ ...call('a'), url: '/down' })).rejects.toThrow('down');
  expect(exchange).toMatchObject({ auditId: 'a', attempts: 1, upstreamMs: 5, bytesIn: 0 });
});

test.each([
  { situation: 'switched', switched: true, want: true },
  { situation: 'answered like any other', switched: false, want: undefined },
])('an upgrade that was $situation', async ({ switched, want }) => {
  const { apiServer, elapsed } = createSlow({ switched, answer } as UpgradeAnswer);
  const exchange = exchangeOf();
  await notingUpstream(apiServer, exchange, elapsed).upgrade(call('a'));
  expect([exchange.upgraded, exchange.attempts]).toEqual([want, 1]);
});

test('of a session: how it ended, and what was typed in place of a body', () => {
  const exchange = exchangeOf();
  noteSession(exchange, { end: 'cut', bytesIn: 12 });
  expect(exchange).toMatchObject({ sessionEnd: 'cut', bytesIn: 12 });
});

test('every masked value counts, and some of their places are named', () => {
  const mask = createMask(() => 'a'.repeat(64));
  const exchange = exchangeOf();
  const noted = notingMask(mask, exchange);
  const place = { namespace: 'prod', name: 'db', key: 'password' };
  expect(noted.ofData(place, 'c2VjcmV0')).toBe(mask.ofData(place, 'c2VjcmV0'));
  expect(noted.ofText({ ...place, namespace: '' }, 'secret')).toBe(mask.ofText({ ...place, namespace: '' }, 'secret'));
  for (let i = 0; i < 100; i += 1) noted.ofText({ ...place, key: String(i) }, 'secret');
  expect(exchange.masked.values).toBe(102);
  expect([...exchange.masked.places].slice(0, 3)).toEqual(['prod/db/password', 'db/password', 'prod/db/0']);
  expect(exchange.masked.places.size).toBe(20);
});

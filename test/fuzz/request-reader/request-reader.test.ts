import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { everyByteHasOneReading, everySpellingIsReadAlike } from './properties.ts';
import { readBytes } from './reader-server.ts';

// Bounded by count, so that every run is as long. For as long as wanted: npm run fuzz:request-reader.
test('whatever the bytes, and however they are cut: a Status, or a request that is there', async () => {
  await fc.assert(everyByteHasOneReading, { numRuns: 500 });
}, 300_000);

test('however it is spelled, a request is read as what it says, and forwarded as that', () => {
  fc.assert(everySpellingIsReadAlike, { numRuns: 1_000 });
}, 120_000);

const head = 'HTTP/1.1\r\nHost: kubernetes\r\nAuthorization: Bearer a.b.c\r\n';
const read = `GET /api/v1/namespaces/dev/configmaps/c ${head}\r\n`;
const last = `GET /api/v1/namespaces/dev/configmaps/c ${head}Connection: close\r\n\r\n`;
const upgrade = `GET /api/v1/namespaces/dev/pods/p/exec?command=ls ${head}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`;
const connect = 'CONNECT kubernetes:443 HTTP/1.1\r\nHost: kubernetes\r\n\r\n';

test.each<[string, string, number[]]>([
  ['CONNECT alone', connect, [405]],
  ['an upgrade alone', upgrade, [400]],
  ['CONNECT behind a request that is not answered yet', read + connect, [200]],
  ['CONNECT behind one whose answer has no body', read.replace('GET', 'HEAD') + connect, [200]],
  ['an upgrade behind a request that is not answered yet', read + upgrade, [200]],
  ['an upgrade behind a connection’s last request', last + upgrade, [200]],
])('no answer overtakes another, or is given for it: %s', async (_situation, bytes, codes) => {
  const { answers, rest } = await readBytes([Buffer.from(bytes)]);
  expect({ codes: answers.map(({ code }) => code), rest }).toEqual({ codes, rest: '' });
});

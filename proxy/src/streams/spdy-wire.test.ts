import { createHash } from 'node:crypto';
import { createDeflate } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { createMask, failureStatus } from '@holdpoint/core';
import { compressed, controlSample, openingSample } from './frame-samples.ts';
import { createMaskedOutput } from './masked-output.ts';
import { spdyDictionary } from './spdy-dictionary.ts';
import { controlTypes, createSpdyFrameReader, dataFrames } from './spdy-frames.ts';
import { createSpdyWire } from './spdy-wire.ts';

const types = ['error', 'stdin', 'stdout', 'stderr', 'resize'];
const [error, stdin, stdout, stderr, resize] = [1, 3, 5, 7, 9];
const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const token = `ghp_${'a1B2'.repeat(9)}`;
const masked = mask.ofText({ namespace: '', name: '', key: 'text' }, token);
const data = (stream: number, text: string, fin = false): Buffer => dataFrames(stream, Buffer.from(text), fin);

test('the dictionary is the protocol’s, to the byte', () => {
  expect(createHash('sha256').update(spdyDictionary()).digest('hex')).toBe(
    '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
  );
});

test('tells what a client types, and its terminal’s size, by the streams that it opened', async () => {
  const wire = createSpdyWire();
  const sent = Buffer.concat([
    await openingSample(types),
    data(stdin, 'ls\n'),
    data(resize, '{"Width":80,"Height":24}\n{"Width":100,'),
    data(resize, '"Height":40}\n'),
    controlSample(controlTypes.ping, Buffer.alloc(4)),
    data(stdin, '', true),
  ]);
  const parts = await wire.fromClient(sent);
  expect(parts.flatMap(({ event }) => event ?? [])).toEqual([
    { code: 'i', bytes: Buffer.from('ls\n') },
    { code: 'r', size: '80x24' },
    { code: 'r', size: '100x40' },
  ]);
  expect(Buffer.concat(parts.map(({ raw }) => raw))).toEqual(sent);
  wire.close();
});

test.each([
  { situation: 'a ping of the client’s own', id: 1, want: true },
  { situation: 'its answer to one of the server’s', id: 2, want: false },
])('tells what would answer a ping: $situation', async ({ id, want }) => {
  const wire = createSpdyWire();
  const sent = controlSample(controlTypes.ping, Buffer.from([0, 0, 0, id]));
  expect(await wire.fromClient(sent)).toEqual([{ raw: sent, ...(want ? { pong: sent } : {}) }]);
  wire.close();
});

test('masks what a server prints, also across frames, and records it; all else passes in its order', async () => {
  const wire = createSpdyWire();
  await wire.fromClient(await openingSample(types));
  const ping = controlSample(controlTypes.ping, Buffer.alloc(4));
  const goAway = controlSample(controlTypes.goAway, Buffer.alloc(8));
  const output = createMaskedOutput(mask, wire);
  const said = [
    controlSample(controlTypes.synReply, Buffer.from([0, 0, 0, stdout])),
    data(stdout, token.slice(0, 9)),
    ping,
    data(stderr, 'oops\n'),
    data(stdout, token.slice(9)),
    data(stdout, '', true),
    data(error, '{"status":"Success"}'),
    data(error, '', true),
    goAway,
  ];
  const { raw, frames } = output.take(await wire.fromServer(Buffer.concat(said)), 2);
  expect(Buffer.concat(raw)).toEqual(
    Buffer.concat([
      controlSample(controlTypes.synReply, Buffer.from([0, 0, 0, stdout])),
      ping,
      data(stderr, 'oops\n'),
      data(stdout, masked, true),
      data(error, '{"status":"Success"}', true),
      goAway,
    ]),
  );
  expect(frames).toEqual([
    [2, 'o', 'oops\n'],
    [2, 'o', masked],
    [2, 'x', '0'],
  ]);
  wire.close();
});

test('says farewell on the error stream, ends every other, and opens no more', async () => {
  const wire = createSpdyWire();
  await wire.fromClient(await openingSample(types));
  const status = failureStatus(403, 'ended');
  const frames = createSpdyFrameReader()(wire.farewell(status));
  expect(frames.map(({ kind, fin, payload }) => [kind, fin, kind === 'data' ? payload.toString() : ''])).toEqual([
    ['data', true, JSON.stringify(status)],
    ...types.slice(1).map(() => ['data', true, '']),
    ['control', false, ''],
  ]);
  wire.close();
});

const opening = (block: Buffer): Buffer =>
  controlSample(controlTypes.synStream, Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), block]));
const deflated = async (bytes: Buffer): Promise<Buffer> =>
  compressed(createDeflate({ dictionary: spdyDictionary() }), bytes);

test.each<[string, () => Promise<Buffer>]>([
  ['a stream of an unknown type', () => openingSample(['stdlog'])],
  ['more streams than a command has', () => openingSample(Array<string>(17).fill('stdout'))],
  ['headers that are no zlib', async () => opening(Buffer.from('not compressed'))],
  ['a bomb', async () => opening(await deflated(Buffer.alloc(8 * 1_048_576)))],
  ['headers that end too early', async () => opening(await deflated(Buffer.from([0, 0, 0, 9, 0, 0])))],
  ['a stream that is cut off', async () => controlSample(controlTypes.synStream, Buffer.alloc(4))],
  ['another version', async () => Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])],
  ['a frame of an unknown type', async () => controlSample(5, Buffer.alloc(0))],
  ['a control frame beyond reason', async () => Buffer.from([0x80, 3, 0, 4, 0, 0xff, 0xff, 0xff])],
])('refuses of a client: %s', async (_situation, bytes) => {
  const wire = createSpdyWire();
  await expect(wire.fromClient(await bytes())).rejects.toMatchObject({ code: 'ERR_MASK_UNREADABLE' });
  wire.close();
});

test.each<[string, Buffer]>([
  ['output on a stream that nobody opened', data(11, 'x')],
  ['output on a stream that it has ended', Buffer.concat([data(stdout, 'x', true), data(stdout, 'y')])],
  ['output after its last', Buffer.concat([controlSample(controlTypes.goAway, Buffer.alloc(8)), data(stdout, 'x')])],
  ['a stream of its own', controlSample(controlTypes.synStream, Buffer.alloc(10))],
  ['more headers', controlSample(controlTypes.headers, Buffer.alloc(4))],
])('refuses of a server: %s', async (_situation, bytes) => {
  const wire = createSpdyWire();
  await wire.fromClient(await openingSample(types));
  await expect(wire.fromServer(bytes)).rejects.toMatchObject({ code: 'ERR_MASK_UNREADABLE' });
  wire.close();
});

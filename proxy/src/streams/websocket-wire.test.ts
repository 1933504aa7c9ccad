import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createMask, failureStatus } from '@holdpoint/core';
import { createMaskedOutput } from './masked-output.ts';
import { clientSample, serverSample, type FrameOptions } from './frame-samples.ts';
import { createFrameReader } from './websocket-frames.ts';
import { createWebSocketWire } from './websocket-wire.ts';

type Short = [parts: (number | string)[], how?: FrameOptions];

const bytesOf = (parts: (number | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
const serverFrameOf = ([parts, how]: Short): Buffer => serverSample(bytesOf(parts), how);

test.each<[string, Short[], unknown[]]>([
  ['stdin', [[[0, 'ls\n']]], [{ code: 'i', bytes: Buffer.from('ls\n') }]],
  ['what a client prints', [[[1, 'x']]], []],
  ['a new size', [[[4, '{"Width":80,"Height":24}']]], [{ code: 'r', size: '80x24' }]],
  [
    'a new size in two fragments',
    [
      [[4, '{"Width":80,'], { fin: false }],
      [['"Height":24}'], { opcode: 0 }],
    ],
    [{ code: 'r', size: '80x24' }],
  ],
  ['a size that is none', [[[4, '{"Width":"x"}']], [[4, 'x']]], []],
  ['the end of stdin', [[[255, 0]]], []],
  ['an empty message', [[[0]], [[]]], []],
  [
    'an empty first fragment, to hide the channel',
    [
      [[], { fin: false }],
      [[0, 'rm'], { opcode: 0 }],
    ],
    [{ code: 'i', bytes: Buffer.from('rm') }],
  ],
  [
    'a ping between fragments',
    [
      [[0, 'a'], { fin: false }],
      [['p'], { opcode: 9 }],
      [['b'], { opcode: 0 }],
    ],
    [
      { code: 'i', bytes: Buffer.from('a') },
      { code: 'i', bytes: Buffer.from('b') },
    ],
  ],
  ['a text message', [[[0, 'a'], { opcode: 1 }]], [{ code: 'i', bytes: Buffer.from('a') }]],
])('of a client: %s', async (_situation, frames, want) => {
  const sent = frames.map(([parts, how]) => clientSample(bytesOf(parts), how));
  const parts = await createWebSocketWire().fromClient(Buffer.concat(sent));
  expect(parts.flatMap(({ event }) => event ?? [])).toEqual(want);
  expect(parts.map(({ raw }) => raw)).toEqual(sent);
});

const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const token = `ghp_${'a1B2'.repeat(9)}`;
const masked = mask.ofText({ namespace: '', name: '', key: 'text' }, token);
const success = '{"metadata":{},"status":"Success"}';
const failure = JSON.stringify({
  ...failureStatus(500, 'command terminated with exit code 3'),
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '3' }] },
});

test.each<{ situation: string; frames: Short[]; wantFrames: Short[]; wantRecorded: unknown[] }>([
  {
    situation: 'lines on both outputs',
    frames: [[[1, 'out\n']], [[2, 'err\n']]],
    wantFrames: [[[1, 'out\n']], [[2, 'err\n']]],
    wantRecorded: [
      [1, 'o', 'out\n'],
      [1, 'o', 'err\n'],
    ],
  },
  {
    situation: 'a token in two messages, with a ping between them',
    frames: [[[1, token.slice(0, 9)]], [['p'], { opcode: 9 }], [[1, `${token.slice(9)}\n`]]],
    wantFrames: [[['p'], { opcode: 9 }], [[1, `${masked}\n`]]],
    wantRecorded: [[1, 'o', `${masked}\n`]],
  },
  {
    situation: 'a token in two fragments, with output on the other channel after them',
    frames: [[[2, token.slice(0, 9)], { fin: false }], [[token.slice(9)], { opcode: 0 }], [[1, 'x\n']]],
    wantFrames: [[[1, 'x\n']], [[2, masked]]],
    wantRecorded: [
      [1, 'o', 'x\n'],
      [1, 'o', masked],
    ],
  },
  {
    situation: 'the status: what was printed without a newline goes before it',
    frames: [[[1, 'no newline']], [[3, success]]],
    wantFrames: [[[1, 'no newline']], [[3, success]]],
    wantRecorded: [
      [1, 'o', 'no newline'],
      [1, 'x', '0'],
    ],
  },
  { situation: 'an exit code', frames: [[[3, failure]]], wantFrames: [[[3, failure]]], wantRecorded: [[1, 'x', '3']] },
  {
    situation: 'a close, and what was held back before it',
    frames: [[[1, 'no newline']], [[3, 0xe8], { opcode: 8 }]],
    wantFrames: [[[1, 'no newline']], [[3, 0xe8], { opcode: 8 }]],
    wantRecorded: [[1, 'o', 'no newline']],
  },
  {
    situation: 'the empty messages that a session begins with',
    frames: [[[1]], [[2]], [[3]]],
    wantFrames: [[[1]], [[2]], [[3]]],
    wantRecorded: [],
  },
  {
    situation: 'characters split on two channels at once',
    frames: [[[1, 0xc3]], [[2, 0xc3]], [[1, 0xb6, '\n']], [[2, 0xa4, '\n']]],
    wantFrames: [[[1, 'ö\n']], [[2, 'ä\n']]],
    wantRecorded: [
      [1, 'o', 'ö\n'],
      [1, 'o', 'ä\n'],
    ],
  },
  {
    situation: 'bytes: a mask as long as the token',
    frames: [[[1, 0, token, 0, 0xff]]],
    wantFrames: [[[1, 0, '*'.repeat(token.length), 0, 0xff]]],
    wantRecorded: [[1, 'o', `\0${'*'.repeat(token.length)}\0�`]],
  },
])('of a server: $situation', async ({ frames, wantFrames, wantRecorded }) => {
  const wire = createWebSocketWire();
  const output = createMaskedOutput(mask, wire);
  const taken = output.take(await wire.fromServer(Buffer.concat(frames.map(serverFrameOf))), 1);
  const rest = output.end(1);
  expect(together([...taken.frames, ...rest.frames])).toEqual(wantRecorded);
  const want = Buffer.concat(wantFrames.map(serverFrameOf));
  expect(messagesOf(Buffer.concat([...taken.raw, ...rest.raw]))).toEqual(messagesOf(want));
});

/** Texts of one kind that follow each other, as one: how they are cut is nobody's business. */
function together<Kind extends number | string, Code extends string>(
  parts: readonly (readonly [Kind, Code, string])[],
): [Kind, Code, string][] {
  const all: [Kind, Code, string][] = [];
  for (const [kind, code, text] of parts) {
    const last = all.at(-1);
    if (last?.[0] === kind && last[1] === code && !last[2].endsWith('\n')) last[2] += text;
    else all.push([kind, code, text]);
  }
  return all;
}

function messagesOf(bytes: Buffer): unknown[] {
  const messages = createFrameReader()(bytes).map(
    ({ opcode, payload }) => [opcode, String(payload[0]), payload.toString('latin1', 1)] as const,
  );
  return together(messages);
}

test.each<[string, Buffer]>([
  ['a fragment of nothing', serverFrameOf([['x'], { opcode: 0 }])],
  [
    'a message in the midst of another',
    Buffer.concat(
      [
        [1, 'a'],
        [1, 'b'],
      ].map((parts) => serverFrameOf([parts, { fin: false }])),
    ),
  ],
  ['output after the close', Buffer.concat([serverFrameOf([[3, 0xe8], { opcode: 8 }]), serverFrameOf([[1, 'x']])])],
  ['an opcode that does not exist', serverFrameOf([['x'], { opcode: 3 }])],
  ['an extension that nobody agreed to', Buffer.from([0xc2, 1, 1])],
  ['a size beyond reason', Buffer.from([0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0])],
])('refuses %s', async (_situation, bytes) => {
  await expect(createWebSocketWire().fromServer(bytes)).rejects.toMatchObject({ code: 'ERR_MASK_UNREADABLE' });
});

test('says farewell on the status channel, and closes', async () => {
  const wire = createWebSocketWire();
  const status = failureStatus(403, 'ended');
  const parts = await wire.fromServer(wire.farewell(status));
  expect(parts).toMatchObject([
    { kind: 'output', stream: 3, bytes: Buffer.from(JSON.stringify(status)) },
    { kind: 'close', raw: Buffer.from([0x88, 2, 0x03, 0xe8]) },
  ]);
});

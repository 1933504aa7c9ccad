import { expect, test } from '@jest/globals';
import { createTerminalReader } from './remote-command.ts';
import type { Frame } from './websocket-frames.ts';

type Short = [bytes: (number | string)[], options?: { opcode?: number; fin?: boolean }];

function toFrame([bytes, { opcode = 2, fin = true } = {}]: Short): Frame {
  const payload = Buffer.concat(
    bytes.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))),
  );
  return { raw: payload, payload, opcode, fin };
}

test.each<[string, 'client' | 'server', Short[], unknown[]]>([
  [
    'stdout and stderr',
    'server',
    [[[1, 'out']], [[2, 'err']]],
    [
      [1, 'o', 'out'],
      [1, 'o', 'err'],
    ],
  ],
  ['the exit status', 'server', [[[3, '{"status":"Success"}']]], []],
  ['what a server types', 'server', [[[0, 'x']]], []],
  ['stdin', 'client', [[[0, 'ls\n']]], [[1, 'i', 'ls\n']]],
  ['what a client prints', 'client', [[[1, 'x']]], []],
  ['a new size', 'client', [[[4, '{"Width":80,"Height":24}']]], [[1, 'r', '80x24']]],
  [
    'a new size in two fragments',
    'client',
    [
      [[4, '{"Width":80,'], { fin: false }],
      [['"Height":24}'], { opcode: 0 }],
    ],
    [[1, 'r', '80x24']],
  ],
  ['a size that is none', 'client', [[[4, '{"Width":"x"}']], [[4, 'x']]], []],
  ['the end of stdin', 'client', [[[255, 0]]], []],
  ['an empty message', 'client', [[[0]], [[]]], []],
  [
    'a message in fragments',
    'client',
    [
      [[0, 'a'], { fin: false }],
      [['b'], { opcode: 0 }],
    ],
    [
      [1, 'i', 'a'],
      [1, 'i', 'b'],
    ],
  ],
  [
    'an empty first fragment, to hide the channel',
    'client',
    [
      [[], { fin: false }],
      [[0, 'rm'], { opcode: 0 }],
    ],
    [[1, 'i', 'rm']],
  ],
  [
    'a ping between fragments',
    'client',
    [
      [[0, 'a'], { fin: false }],
      [['p'], { opcode: 9 }],
      [['b'], { opcode: 0 }],
    ],
    [
      [1, 'i', 'a'],
      [1, 'i', 'b'],
    ],
  ],
  ['a text message', 'client', [[[0, 'a'], { opcode: 1 }]], [[1, 'i', 'a']]],
  [
    'a character split in two',
    'server',
    [[[1, 'gr', 0xc3]], [[1, 0xb6, 'ße']]],
    [
      [1, 'o', 'gr'],
      [1, 'o', 'öße'],
    ],
  ],
  [
    'characters split on two channels at once',
    'server',
    [[[1, 0xc3]], [[2, 0xc3]], [[1, 0xb6]], [[2, 0xa4]]],
    [
      [1, 'o', 'ö'],
      [1, 'o', 'ä'],
    ],
  ],
])('%s', (_situation, from, frames, want) => {
  const read = createTerminalReader(from);
  expect(frames.flatMap((frame) => read(toFrame(frame), 1))).toEqual(want);
});

import { expect, test } from '@jest/globals';
import type { Frame } from './recordings.ts';
import { terminalText } from './terminal-text.ts';

test.each<{ situation: string; frames: string[]; most?: number; want: { lines: string[]; cut: boolean } }>([
  { situation: 'lines', frames: ['a\r\nb', 'c\r\n'], want: { lines: ['a', 'bc'], cut: false } },
  {
    situation: 'colours and what acts, split between frames',
    frames: ['\u001b[3', '1mred\u001b]52;c;e', 'A==\u0007!'],
    want: { lines: ['red!'], cut: false },
  },
  { situation: 'a line drawn again', frames: ['10%\r50%\r100%\r\nok'], want: { lines: ['100%', 'ok'], cut: false } },
  { situation: 'backspaces', frames: ['\bcaat\b\bt\bst\r\n'], want: { lines: ['cast'], cut: false } },
  { situation: 'more lines than wanted', frames: ['a\nb\nc\nd'], most: 2, want: { lines: ['a', 'b'], cut: true } },
  {
    situation: 'no end',
    frames: Array.from({ length: 100 }, () => 'y'.repeat(1_000)),
    want: { lines: ['y'.repeat(500)], cut: true },
  },
  { situation: 'nothing', frames: [], want: { lines: [], cut: false } },
])('$situation', async ({ frames, most = 40, want }) => {
  async function* played(): AsyncGenerator<Frame> {
    for (const text of frames) yield [0, 'o', text];
    yield [0, 'i', 'typed'];
  }
  expect(await terminalText(played(), most)).toEqual(want);
});

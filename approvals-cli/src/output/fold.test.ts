import { expect, test } from '@jest/globals';
import { foldLines } from './fold.ts';

test.each([
  { situation: 'piped: left as it is', text: 'x'.repeat(50), columns: undefined, want: 'x'.repeat(50) },
  { situation: 'as wide as the terminal: left as it is', text: 'x'.repeat(20), columns: 20, want: 'x'.repeat(20) },
  {
    situation: 'spaces that would push a line of its own to the left edge: marked',
    text: `+ a${' '.repeat(17)}Phase: Approved`,
    columns: 20,
    want: `+ a${' '.repeat(17)}\n↳ Phase: Approved`,
  },
  {
    situation: 'wide characters: counted twice',
    text: '漢'.repeat(11),
    columns: 20,
    want: `${'漢'.repeat(10)}\n↳ 漢`,
  },
  {
    situation: 'colours: counted as nothing',
    text: `\u001b[32m${'x'.repeat(20)}\u001b[39m`,
    columns: 20,
    want: `\u001b[32m${'x'.repeat(20)}\u001b[39m`,
  },
])('$situation', ({ text, columns, want }) => {
  expect(foldLines(text, columns)).toBe(want);
});

import { expect, test } from '@jest/globals';
import { printCsv } from './csv.ts';

test.each([
  { situation: 'plain', row: ['a', 'b c'], want: 'a,b c' },
  { situation: 'commas, quotes and line ends', row: ['a,b', 'say "x"', 'a\nb'], want: '"a,b","say ""x""","a\nb"' },
  { situation: 'what a spreadsheet would run', row: ['=1+1', '+1', '-1', '@x', '\tx'], want: "'=1+1,'+1,'-1,'@x,'\tx" },
])('$situation', ({ row, want }) => {
  expect(printCsv([row])).toBe(want);
});

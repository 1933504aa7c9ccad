import { expect, test } from '@jest/globals';
import { toRowLine } from './row-line.ts';

test.each([
  { situation: 'plain text', row: { a: 'x\n"y"' }, want: '{"a":"x\\n\\"y\\""}' },
  { situation: 'a pair of surrogates', row: { a: '😀' }, want: '{"a":"😀"}' },
  { situation: 'a lone one', row: { a: 'x\ud800y', b: 1 }, want: '{"a":"x\uFFFDy","b":1}' },
  { situation: 'a lone one within a list', row: { a: ['\udc00'] }, want: '{"a":["\uFFFD"]}' },
  { situation: 'a lone one in a key', row: { '\ud83d': true }, want: '{"\uFFFD":true}' },
  { situation: 'its escape, as a client wrote it', row: { a: '\\ud800' }, want: '{"a":"\\\\ud800"}' },
  { situation: 'an escaped backslash before a lone one', row: { a: '\\\ud800' }, want: '{"a":"\\\\\uFFFD"}' },
])('$situation', ({ row, want }) => {
  expect(toRowLine(row)).toBe(want);
});

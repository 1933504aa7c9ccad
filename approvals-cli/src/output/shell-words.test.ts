import { expect, test } from '@jest/globals';
import { quoteShell } from './shell-words.ts';

test.each([
  { situation: 'plain words: as they are', words: ['ls', '-l', '/tmp/a.b'], want: 'ls -l /tmp/a.b' },
  { situation: 'no word at all: seen', words: ['echo', ''], want: "echo ''" },
  { situation: 'spaces and operators: quoted', words: ['a b', '&&', '$X'], want: "'a b' '&&' '$X'" },
  { situation: 'a quote: quoted', words: ["it's"], want: "'it'\\''s'" },
])('$situation', ({ words, want }) => {
  expect(quoteShell(words)).toBe(want);
});

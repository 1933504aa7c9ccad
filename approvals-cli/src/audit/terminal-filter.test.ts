import { describe, expect, test } from '@jest/globals';
import { createTerminalFilter } from './terminal-filter.ts';

const shown = (...frames: string[]): string => {
  const filter = createTerminalFilter();
  return frames.map(filter).join('');
};

describe('what draws is played', () => {
  test.each([
    { situation: 'text and line ends', text: 'hello\r\n\tworld\b!\n' },
    { situation: 'other scripts', text: 'grüße 😀 日本' },
    { situation: 'colours', text: '\u001b[1;31mred\u001b[0m \u001b[38;2;1;2;3mrgb\u001b[m' },
    { situation: 'the cursor', text: '\u001b[2J\u001b[H\u001b[10;5Hx\u001b[K\u001b[3A' },
    { situation: 'a hidden cursor', text: '\u001b[?25l…\u001b[?25h' },
    { situation: 'saved and restored', text: '\u001b7x\u001b8' },
  ])('$situation', ({ text }) => {
    expect(shown(text)).toBe(text);
  });
});

describe('what acts on the terminal is not', () => {
  test.each([
    { situation: 'the clipboard', frames: ['a\u001b]52;c;cm0gLXJmIC8=\u0007b'], want: 'ab' },
    { situation: 'the window’s title', frames: ['a\u001b]0;pwned\u001b\\b'], want: 'ab' },
    { situation: 'a link', frames: ['\u001b]8;;http://evil\u001b\\x\u001b]8;;\u001b\\'], want: 'x' },
    { situation: 'a device control string', frames: ['a\u001bP$q"p\u001b\\b'], want: 'ab' },
    { situation: 'a question for the terminal’s name', frames: ['a\u001b[cb\u001b[>c'], want: 'ab' },
    { situation: 'a question for the cursor’s place', frames: ['a\u001b[6nb'], want: 'ab' },
    { situation: 'a question for the title', frames: ['a\u001b[21tb'], want: 'ab' },
    { situation: 'mouse reports', frames: ['a\u001b[?1000hb'], want: 'ab' },
    { situation: 'another screen', frames: ['a\u001b[?1049hb'], want: 'ab' },
    { situation: 'a reset', frames: ['a\u001bcb'], want: 'ab' },
    { situation: 'a bell, a null, an 8-bit CSI', frames: ['a\u0007\u0000\u009b6nb'], want: 'a6nb' },
    { situation: 'a string split between frames', frames: ['a\u001b', ']52;c;cm0', 'gLXJm\u0007b'], want: 'ab' },
    { situation: 'its end split between frames', frames: ['a\u001b]0;t\u001b', '\\b'], want: 'ab' },
    { situation: 'a colour split between frames', frames: ['a\u001b[3', '1mred'], want: 'a\u001b[31mred' },
    { situation: 'a string that never ends', frames: ['a\u001b]52;c;', 'x'], want: 'a' },
  ])('$situation', ({ frames, want }) => {
    expect(shown(...frames)).toBe(want);
  });
});

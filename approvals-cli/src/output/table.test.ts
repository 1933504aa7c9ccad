import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printTable, toPrintable } from './table.ts';

describe('toPrintable', () => {
  test.each([
    { situation: 'plain text', text: 'web-0 (prod)', want: 'web-0 (prod)' },
    { situation: 'letters of any script', text: 'ü漢😀', want: 'ü漢😀' },
    { situation: 'a tab', text: 'a\tb', want: 'a\tb' },
    { situation: 'a colour', text: '\u001b[31mred', want: '\ufffd[31mred' },
    { situation: 'a C1 escape, of one character', text: '\u009b2J', want: '\ufffd2J' },
    {
      situation: 'a carriage return, which would write over the line',
      text: 'deny\rapprove',
      want: 'deny\ufffdapprove',
    },
    { situation: 'a backspace', text: 'no\b\bok', want: 'no\ufffd\ufffdok' },
    {
      situation: 'a line break, which would begin a line of its own',
      text: 'web\nPhase: Approved',
      want: 'web\ufffdPhase: Approved',
    },
    { situation: 'line and paragraph separators', text: 'a\u2028b\u2029c', want: 'a\ufffdb\ufffdc' },
    { situation: 'text turned from right to left', text: 'a\u202eb', want: 'a\ufffdb' },
    { situation: 'what has no width', text: 'a\u200bb\ufeff', want: 'a\ufffdb\ufffd' },
    { situation: 'a lone surrogate', text: 'a\ud800b', want: 'a\ufffdb' },
    { situation: 'private use', text: '\ue000', want: '\ufffd' },
  ])('$situation', ({ text, want }) => {
    expect(toPrintable(text)).toBe(want);
  });
});

describe('printTable', () => {
  test('as kubectl prints: three spaces, no lines, nothing at the end of a line', () => {
    const rows = [
      ['h-1', 'Pending', 'bot'],
      ['h-22222', 'Used', ''],
    ];
    expect(printTable(['NAME', 'PHASE', 'WHO'], rows)).toBe(
      ['NAME      PHASE     WHO', 'h-1       Pending   bot', 'h-22222   Used'].join('\n'),
    );
  });

  test('any cells: one line a row, and no control character', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1 }), (rows) => {
        const text = printTable(['A', 'B'], rows);
        expect(text.split('\n')).toHaveLength(rows.length + 1);
        expect(text.replaceAll('\n', '')).not.toMatch(/[^\P{Cc}\t]/u);
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Change, JsonValue } from '@holdpoint/core';
import fc from 'fast-check';
import { printChange } from './change.ts';
import { createStyle, type Style } from './style.ts';

const plain = createStyle(false);
const marked: Style = {
  added: (text) => `<+${text}>`,
  removed: (text) => `<-${text}>`,
  heading: (text) => `<#${text}>`,
  faint: (text) => text,
};

describe('printChange', () => {
  const rows: { situation: string; change: Change; want: string[] }[] = [
    {
      situation: 'a create: all of it comes',
      change: { type: 'Create', object: { kind: 'Pod', spec: { a: [1] } } },
      want: ['<++ kind: Pod>', '<++ spec:>', '<++   a:>', '<++     - 1>'],
    },
    {
      situation: 'a delete: all of it goes',
      change: { type: 'Delete', object: { kind: 'Pod' } },
      want: ['<-- kind: Pod>'],
    },
    {
      situation: 'a connect: its options',
      change: { type: 'Connect', options: { command: ['sh', '-c', 'id'] } },
      want: ['  command:', '    - sh', '    - -c', '    - id'],
    },
    {
      situation: 'an update: path, what goes, what comes',
      change: {
        type: 'Update',
        patch: [
          { op: 'replace', path: '/spec/replicas', oldValue: 3, value: 5 },
          { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
          { op: 'remove', path: '/spec/paused', oldValue: true },
        ],
      },
      want: [
        '<#/spec/replicas>',
        '<-- 3>',
        '<++ 5>',
        '<#/metadata/labels>',
        '<++ a: b>',
        '<#/spec/paused>',
        '<-- true>',
      ],
    },
    {
      situation: 'what kubectl apply writes down for itself: after what really changes',
      change: {
        type: 'Update',
        patch: [
          { op: 'add', path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration', value: '{}' },
          { op: 'add', path: '/metadata/annotations/owner', value: 'me' },
          { op: 'add', path: '/spec/a', value: 1 },
        ],
      },
      want: [
        '<#/metadata/annotations/owner>',
        '<++ me>',
        '<#/spec/a>',
        '<++ 1>',
        '<#/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration>',
        '<++ "{}">',
      ],
    },
    {
      situation: 'null for a value: is shown',
      change: { type: 'Update', patch: [{ op: 'replace', path: '/a', oldValue: null, value: '' }] },
      want: ['<#/a>', '<-- null>', '<++ "">'],
    },
    {
      situation: 'a text of several lines: marked on every line',
      change: { type: 'Create', object: { run: 'a\nb\n' } },
      want: ['<++ run: |>', '<++   a>', '<++   b>'],
    },
    {
      situation: 'a text that looks like a line of ours: every line keeps its mark',
      change: { type: 'Create', object: 'x\n- replicas: 3\n+ replicas: 1' },
      want: ['<++ |->', '<++ x>', '<++ - replicas: 3>', '<++ + replicas: 1>'],
    },
    {
      situation: 'a number as text: told from a number',
      change: { type: 'Update', patch: [{ op: 'replace', path: '/a', oldValue: 1, value: '1' }] },
      want: ['<#/a>', '<-- 1>', '<++ "1">'],
    },
    {
      situation: 'a long line: not folded',
      change: { type: 'Create', object: { a: 'x '.repeat(200).trim() } },
      want: [`<++ a: ${'x '.repeat(200).trim()}>`],
    },
    {
      situation: 'a path with an escape sequence: cannot be drawn',
      change: { type: 'Update', patch: [{ op: 'remove', path: '/a\u001b[2J\n' }] },
      want: ['<#/a\ufffd[2J\ufffd>'],
    },
  ];
  test.each(rows)('$situation', ({ change, want }) => {
    expect(printChange(change, marked).split('\n')).toEqual(want);
  });

  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\u001b[2J', '\u009b2J', '\r', '\u202e', '\n\u001b]0;x\u0007', '\u2028'),
  );
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.dictionary(text, tie('value')),
      fc.array(tie('value')),
    ) as fc.Arbitrary<JsonValue>,
  }));
  test('any values: no control character reaches the terminal, and every line is marked', () => {
    fc.assert(
      fc.property(value, value, text, (one, two, path) => {
        const update: Change = { type: 'Update', patch: [{ op: 'replace', path, oldValue: one, value: two }] };
        const changes: Change[] = [
          update,
          { type: 'Create', object: one },
          { type: 'Delete', object: one },
          { type: 'Connect', options: one },
        ];
        for (const change of changes) {
          for (const line of printChange(change, plain)
            .split('\n')
            .slice(change === update ? 1 : 0)) {
            expect(line).not.toMatch(/[^\P{C}\t]|[\u2028\u2029]/u);
            expect(line).toMatch(/^[+\- ] /);
          }
        }
      }),
    );
  });
});

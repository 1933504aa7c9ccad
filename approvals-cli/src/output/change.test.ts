import { describe, expect, test } from '@jest/globals';
import type { Change, JsonValue } from '@holdpoint/core';
import fc from 'fast-check';
import { hasMaskedValue, printChange } from './change.ts';
import { createStyle, type Style } from './style.ts';

const plain = createStyle(false);
const marked: Style = {
  added: (text) => `<+${text}>`,
  removed: (text) => `<-${text}>`,
  heading: (text) => `<#${text}>`,
  faint: (text) => text,
  warning: (text: string) => text,
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
      want: ['  Command:   $ sh -c id', '  Streams:   none'],
    },
    {
      situation: 'an update that only hands on fields: to whom, which, and what comes of it',
      change: {
        type: 'Update',
        patch: [],
        ownership: [{ manager: 'pipeline', fields: ['f:data f:a', 'f:spec f:containers k:{"name":"c"} f:image'] }],
      },
      want: [
        'field manager "pipeline" comes to own, and would remove by an apply without them:',
        '<++ data a>',
        '<++ spec containers k:{"name":"c"} image>',
      ],
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
    expect(printChange({ change }, marked).split('\n')).toEqual(want);
  });

  const before = { metadata: { name: 'web' }, spec: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, paused: true, z: 26 } };
  const patch = [
    { op: 'replace', path: '/spec/f', oldValue: 6, value: 7 },
    { op: 'remove', path: '/spec/paused', oldValue: true },
  ] as const;
  const update: Change = { type: 'Update', patch: [...patch] };
  test.each([
    {
      situation: 'an update of a known object: a unified diff with lines around it',
      context: 1,
      want: ['@@ -8,4 +8,3 @@', '   e: 5', '<--  f: 6>', '<--  paused: true>', '<++  f: 7>', '   z: 26'],
    },
    {
      situation: 'no lines around it',
      context: 0,
      want: ['@@ -9,2 +9,1 @@', '<--  f: 6>', '<--  paused: true>', '<++  f: 7>'],
    },
  ])('$situation', ({ context, want }) => {
    const lines = printChange({ change: update, before }, marked, { context }).split('\n');
    expect(lines).toEqual(want);
  });

  test('an update in full: every line of the object', () => {
    const text = printChange({ change: update, before }, plain, { context: Infinity });
    expect(text).toContain('   a: 1');
    expect(text).toContain(' metadata:');
  });

  test('a patch that does not fit the object: path by path', () => {
    const text = printChange({ change: update, before: { other: 1 } }, plain);
    expect(text.split('\n')).toEqual(['/spec/f', '- 6', '+ 7', '/spec/paused', '- true']);
  });

  test('a terminal: its words quoted, its streams, its container, and no line of its own', () => {
    const options = {
      kind: 'PodExecOptions',
      command: ['sh', '-c', "echo 'a'\n+ b"],
      container: 'c',
      stdin: true,
      tty: true,
    };
    expect(printChange({ change: { type: 'Connect', options } }, plain).split('\n')).toEqual([
      "  Command:   $ sh -c 'echo '\\''a'\\''\ufffd+ b'",
      '  Container: c',
      '  Streams:   stdin, tty',
    ]);
  });

  const token = `holdpoint-mask:v1:${'0'.repeat(32)}:8`;
  test.each([
    { situation: 'text', value: token, want: true },
    { situation: "a Secret's data", value: Buffer.from(token).toString('base64'), want: true },
    { situation: 'nothing masked', value: 'plain', want: false },
  ])('a masked value, $situation', ({ value: masked, want }) => {
    expect(hasMaskedValue({ change: { type: 'Create', object: { data: { key: masked } } } })).toBe(want);
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
          for (const line of printChange({ change }, plain)
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

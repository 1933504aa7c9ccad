import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '@holdpoint/core';
import { releaseCodec } from './release-codec.ts';
import { editYaml } from './yaml.ts';

const packed = gzipSync('{"name":"shop"}').toString('base64');
const twice = Buffer.from(packed).toString('base64');

test.each([
  { situation: 'as in a ConfigMap', payload: packed, want: { text: '{"name":"shop"}', base64Layers: 1 } },
  { situation: "as in a Secret's data", payload: twice, want: { text: '{"name":"shop"}', base64Layers: 2 } },
  { situation: 'no gzip', payload: Buffer.from('hello, world').toString('base64'), want: undefined },
  { situation: 'cut off', payload: packed.slice(0, 24), want: undefined },
  {
    situation: 'larger than any release, once opened',
    payload: gzipSync(Buffer.alloc(33 * 1_048_576)).toString('base64'),
    want: undefined,
  },
])('opens a payload: $situation', ({ payload, want }) => {
  expect(releaseCodec.open(payload)).toEqual(want);
});

test.each([1, 2] as const)('what is closed %d times opens the same, and is the same each time', (base64Layers) => {
  const opened = { text: '{"größe":1}', base64Layers };
  expect(releaseCodec.open(releaseCodec.close(opened))).toEqual(opened);
  expect(releaseCodec.close(opened)).toBe(releaseCodec.close(opened));
});

describe('editYaml', () => {
  const text = [
    '---',
    '# Source: a.yaml',
    'kind: A   # a comment',
    'data:',
    "  x: 'one'",
    '--- # the next',
    'kind:   B',
    'items: [ 1,2 ]',
    '---',
    '# nothing here',
    '',
  ].join('\n');
  /** Sets `data.x` of kind A. */
  const setX =
    (value: JsonValue) =>
    (document: JsonValue): JsonValue =>
      (document as JsonObject | null)?.kind === 'A' ? { ...(document as JsonObject), data: { x: value } } : document;

  test('what is not changed stays byte for byte', () => {
    expect(editYaml(text, (document) => document)).toBe(text);
  });

  test('of what is changed, the rest keeps its order and its comments; other documents stay', () => {
    expect(editYaml(text, setX('two'))).toBe(text.replace('kind: A   # a', 'kind: A # a').replace("'one'", "'two'"));
  });

  test.each<[string, string]>([
    ['quotes, colons and line breaks', 'a: "b"\n# c\n'],
    ['what would be a number', '007'],
    ['nothing', ''],
  ])('a value of %s is read as it was written', (_situation, value) => {
    let read: unknown;
    editYaml(editYaml(text, setX(value)) ?? '', (document) => {
      if ((document as JsonObject | null)?.kind === 'A') read = (document as JsonObject).data;
      return document;
    });
    expect(read).toEqual({ x: value });
  });

  test('a document with an alias is written out, so that no other place changes with one', () => {
    const aliased = 'kind: A\ndata: &d\n  x: one\nother: *d\n';
    expect(editYaml(aliased, setX('two'))).toBe('{"kind":"A","data":{"x":"two"},"other":{"x":"one"}}\n');
  });

  test.each([
    ['no YAML', 'a: b: c\n'],
    [
      'aliases that grow without end',
      `a0: &a0 [x]\n${Array.from({ length: 40 }, (_, i) => `a${String(i + 1)}: &a${String(i + 1)} [*a${String(i)},*a${String(i)}]\n`).join('')}`,
    ],
  ])('%s: undefined', (_situation, broken) => {
    expect(editYaml(broken, (document) => document)).toBeUndefined();
  });
});

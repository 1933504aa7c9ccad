import { expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';
import { maskCellCopies, maskFields } from './mask-fields.ts';
import { createMask } from './mask.ts';

const mask = createMask(() => 'a'.repeat(64));
const token = (length: number): string => `holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`;
const paths = (...texts: string[]): FieldPath[] =>
  texts.map((text) => {
    const parsed = parseFieldPath(text);
    if ('problem' in parsed) throw new Error(parsed.problem);
    return parsed.path;
  });
const masked = (object: JsonObject, ...texts: string[]): JsonValue => maskFields(object, paths(...texts), mask).object;
const own = (name: string, value: JsonValue): JsonObject => Object.fromEntries([[name, value]]);

test.each<[string, JsonObject, string[], JsonObject]>([
  ['a field', { spec: { a: 'x', b: 'y' } }, ['$.spec.a'], { spec: { a: token(1), b: 'y' } }],
  ['every item', { a: ['x', 'yy'] }, ['$.a[*]'], { a: [token(1), token(2)] }],
  ['one item', { a: ['x', 'yy'] }, ['$.a[1]'], { a: ['x', token(2)] }],
  ['every field', { a: { b: 'x', c: 'yy' } }, ['$.a.*'], { a: { b: token(1), c: token(2) } }],
  ['a field of every item', { a: [{ b: 'x' }, 3, { c: 'z' }] }, ['$.a[*].b'], { a: [{ b: token(1) }, 3, { c: 'z' }] }],
  [
    'at any depth',
    { p: 'x', a: [{ p: 'yy', q: { p: 'zzz' } }] },
    ['$..p'],
    { p: token(1), a: [{ p: token(2), q: { p: token(3) } }] },
  ],
  ['a map, leaf by leaf', { a: { b: 'x', c: ['yy', 7] } }, ['$.a'], { a: { b: token(1), c: [token(2), token(1)] } }],
  ['numbers and booleans', { a: 1234, b: true }, ['$.a', '$.b'], { a: token(4), b: token(4) }],
  ['nothing of null and the empty text', { a: null, b: '' }, ['$.a', '$.b'], { a: null, b: '' }],
  ['no inherited field', { a: 'x' }, ['$.constructor', '$.__proto__', '$.a.length'], { a: 'x' }],
  ['a field called __proto__', own('__proto__', 'x'), ['$.__proto__'], own('__proto__', token(1))],
  ['two paths to one place, once', { a: 'x' }, ['$.a', '$..a'], { a: token(1) }],
  [
    'copies: in the applied object, in a set’s items, in a text',
    {
      metadata: {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"a":"se"}}' },
        managedFields: [{ fieldsV1: { 'f:spec': { 'v:"se"': {}, 'f:a': {} } } }],
      },
      spec: { a: 'se', b: 'S3cret-of-old' },
      status: { message: 'set S3cret-of-old, not se' },
    },
    ['$.spec.a', '$.spec.b'],
    {
      metadata: {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"spec":{"a":"${token(2)}"}}` },
        managedFields: [{ fieldsV1: { 'f:spec': { [`v:"${token(2)}"`]: {}, 'f:a': {} } } }],
      },
      spec: { a: token(2), b: token(13) },
      status: { message: `set ${token(13)}, not se` },
    },
  ],
  [
    'an item of a set in metadata alone, by the name of its list, and none of another',
    {
      metadata: {
        managedFields: [{ fieldsV1: { 'f:spec': { 'f:words': { 'v:"se"': {}, '.': {} }, 'f:a': { 'v:"x"': {} } } } }],
      },
    },
    ['$.spec.words[*]'],
    {
      metadata: {
        managedFields: [
          { fieldsV1: { 'f:spec': { 'f:words': { [`v:"${token(2)}"`]: {}, '.': {} }, 'f:a': { 'v:"x"': {} } } } },
        ],
      },
    },
  ],
])('masks %s', (_situation, object, texts, want) => {
  expect(masked(object, ...texts)).toEqual(want);
});

test('returns what it was given when nothing stands at the paths, and masks a mask no further', () => {
  const object = { spec: { a: 'x' } };
  expect(masked(object, '$.spec.b', '$.spec.a.c')).toBe(object);
  const once = masked(object, '$.spec.a') as JsonObject;
  expect(masked(once, '$.spec.a')).toBe(once);
});

test('masks the cells that show what was masked in the object', () => {
  const { values } = maskFields({ a: 'se', b: 1234, c: 'longer one' }, paths('$.a', '$.b', '$.c'), mask);
  expect(maskCellCopies(['se', 1234, 'a longer one', 'sesame', 12, null], values, mask)).toEqual([
    token(2),
    token(4),
    `a ${token(10)}`,
    'sesame',
    12,
    null,
  ]);
});

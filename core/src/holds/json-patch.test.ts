import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import type { ChangeOperation } from './hold.ts';
import { diffObjects } from './json-patch.ts';

describe('diffObjects', () => {
  const rows: { situation: string; before: JsonObject; after: JsonObject; want: ChangeOperation[] }[] = [
    { situation: 'nothing changed: empty', before: { a: [1, { b: null }] }, after: { a: [1, { b: null }] }, want: [] },
    { situation: 'keys in another order: empty', before: { a: 1, b: 2 }, after: { b: 2, a: 1 }, want: [] },
    {
      situation: 'a value replaced: both sides',
      before: { a: { b: 3 } },
      after: { a: { b: 5 } },
      want: [{ op: 'replace', path: '/a/b', oldValue: 3, value: 5 }],
    },
    { situation: 'a value added', before: {}, after: { a: [1] }, want: [{ op: 'add', path: '/a', value: [1] }] },
    {
      situation: 'a value removed: with what stood there',
      before: { a: { b: 1 } },
      after: {},
      want: [{ op: 'remove', path: '/a', oldValue: { b: 1 } }],
    },
    {
      situation: 'a null added: is not nothing',
      before: {},
      after: { a: null },
      want: [{ op: 'add', path: '/a', value: null }],
    },
    {
      situation: 'a null removed: is not nothing',
      before: { a: null },
      after: {},
      want: [{ op: 'remove', path: '/a', oldValue: null }],
    },
    {
      situation: 'null instead of a value',
      before: { a: 1 },
      after: { a: null },
      want: [{ op: 'replace', path: '/a', oldValue: 1, value: null }],
    },
    {
      situation: 'a value instead of null',
      before: { a: null },
      after: { a: {} },
      want: [{ op: 'replace', path: '/a', oldValue: null, value: {} }],
    },
    {
      situation: 'a string instead of a number that looks like it',
      before: { a: 1 },
      after: { a: '1' },
      want: [{ op: 'replace', path: '/a', oldValue: 1, value: '1' }],
    },
    {
      situation: 'a list instead of an object',
      before: { a: {} },
      after: { a: [] },
      want: [{ op: 'replace', path: '/a', oldValue: {}, value: [] }],
    },
    {
      situation: 'a list longer',
      before: { a: [1] },
      after: { a: [1, 2] },
      want: [{ op: 'add', path: '/a/1', value: 2 }],
    },
    {
      situation: 'a list shorter',
      before: { a: [1, 2] },
      after: { a: [1] },
      want: [{ op: 'remove', path: '/a/1', oldValue: 2 }],
    },
    {
      situation: 'keys with / and ~: escaped',
      before: { 'a/b~c': 1 },
      after: { 'a/b~c': 2 },
      want: [{ op: 'replace', path: '/a~1b~0c', oldValue: 1, value: 2 }],
    },
    {
      situation: 'an empty key',
      before: { '': 1 },
      after: { '': 2 },
      want: [{ op: 'replace', path: '/', oldValue: 1, value: 2 }],
    },
    {
      situation: 'a key that every object has',
      before: {},
      after: { constructor: 1, toString: 2 },
      want: [
        { op: 'add', path: '/toString', value: 2 },
        { op: 'add', path: '/constructor', value: 1 },
      ],
    },
  ];
  test.each(rows)('$situation', ({ before, after, want }) => {
    const got = diffObjects(before, after);
    expect(got).toHaveLength(want.length);
    expect(got).toEqual(expect.arrayContaining(want));
  });

  test.each([
    {
      situation: 'a key __proto__ that comes',
      before: '{}',
      after: '{"__proto__":{"a":1}}',
      want: { op: 'add', path: '/__proto__' },
    },
    {
      situation: 'a key __proto__ that goes',
      before: '{"__proto__":{"a":1}}',
      after: '{}',
      want: { op: 'remove', path: '/__proto__' },
    },
    {
      situation: 'a key __proto__ that changes',
      before: '{"__proto__":1}',
      after: '{"__proto__":2}',
      want: { op: 'replace', path: '/__proto__', oldValue: 1, value: 2 },
    },
  ])('$situation: seen', ({ before, after, want }) => {
    expect(diffObjects(JSON.parse(before) as JsonObject, JSON.parse(after) as JsonObject)).toEqual([
      expect.objectContaining(want),
    ]);
  });

  test('any two objects: empty exactly when they are equal; every operation tells both sides; inputs untouched', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;
    const pair = fc.oneof(
      fc.tuple(object, object),
      object.map((each): [JsonObject, JsonObject] => [each, structuredClone(each)]),
    );
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const [textBefore, textAfter] = [JSON.stringify(before), JSON.stringify(after)];
        const patch = diffObjects(before, after);
        expect(patch.length === 0).toBe(
          isEqual(JSON.parse(textBefore) as JsonValue, JSON.parse(textAfter) as JsonValue),
        );
        for (const operation of patch) {
          expect('value' in operation).toBe(operation.op !== 'remove');
          expect('oldValue' in operation).toBe(operation.op !== 'add');
        }
        expect([JSON.stringify(before), JSON.stringify(after)]).toEqual([textBefore, textAfter]);
      }),
    );
  });
});

function isEqual(one: JsonValue, two: JsonValue): boolean {
  if (typeof one !== 'object' || one === null || typeof two !== 'object' || two === null) return one === two;
  if (Array.isArray(one) !== Array.isArray(two)) return false;
  const [left, right] = [Object.entries(one), new Map(Object.entries(two))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key) as JsonValue))
  );
}

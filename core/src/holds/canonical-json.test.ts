import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../kubernetes/object.ts';
import { canonicalJson } from './canonical-json.ts';

describe('canonicalJson', () => {
  test.each([
    // RFC 8785, section 3.2.2 and 3.2.3.
    {
      situation: "the RFC's own sample",
      json: '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      want: '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    },
    {
      situation: "the RFC's keys: in UTF-16 order, not in code point order",
      json: '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
      want: '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    },
    {
      situation: 'integer-like keys: as text, not as numbers',
      json: '{"10":1,"9":2,"a":3,"1":4}',
      want: '{"1":4,"10":1,"9":2,"a":3}',
    },
    {
      situation: 'a key __proto__: kept, its value too',
      json: '{"b":1,"__proto__":{"x":[1]},"a":2}',
      want: '{"__proto__":{"x":[1]},"a":2,"b":1}',
    },
    { situation: 'an empty key', json: '{"":1}', want: '{"":1}' },
    {
      situation: 'capitals before small letters',
      json: '{"b":1,"B":2,"a":3,"A":4}',
      want: '{"A":4,"B":2,"a":3,"b":1}',
    },
    { situation: 'lists: in their order', json: '[3, 1, [2, {}], []]', want: '[3,1,[2,{}],[]]' },
    { situation: 'null, true, false', json: '[null, true, false]', want: '[null,true,false]' },
    // RFC 8785, appendix B.
    { situation: 'minus zero: zero', json: '-0', want: '0' },
    { situation: 'the smallest number', json: '5e-324', want: '5e-324' },
    { situation: 'the largest number', json: '1.7976931348623157e308', want: '1.7976931348623157e+308' },
    { situation: '2^53', json: '9007199254740992', want: '9007199254740992' },
    { situation: 'the last before the exponent', json: '100000000000000000000', want: '100000000000000000000' },
    { situation: 'the first with one', json: '1000000000000000000000', want: '1e+21' },
    { situation: 'a fraction that is none', json: '1.0', want: '1' },
    { situation: 'a small fraction', json: '0.0000001', want: '1e-7' },
    { situation: 'a lone surrogate: escaped', json: '"\\ud800"', want: '"\\ud800"' },
    { situation: 'the line separator: as it is', json: '"\\u2028"', want: '"\u2028"' },
    {
      situation: 'a composed and a decomposed letter: not the same',
      json: '["\\u00e9","e\\u0301"]',
      want: '["\u00e9","e\u0301"]',
    },
  ])('$situation', ({ json, want }) => {
    expect(canonicalJson(JSON.parse(json) as JsonValue)).toBe(want);
  });

  test('any JSON: reads back as what it was', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value = JSON.parse(json) as JsonValue;
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('any object, its keys in any order: the same bytes', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), { selector: ([key]) => key, minLength: 2 });
    fc.assert(
      fc.property(entries, (members) => {
        const forwards = Object.fromEntries(members) as JsonValue;
        const backwards = Object.fromEntries(members.toReversed()) as JsonValue;
        expect(canonicalJson(forwards)).toBe(canonicalJson(backwards));
      }),
    );
  });
});

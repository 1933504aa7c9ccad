import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { duplicateMember } from './duplicate-member.ts';

test.each<[string, string, string | undefined]>([
  ['none', '{"a":1,"b":{"a":2},"c":["a","a",{"a":1}]}', undefined],
  ['a value like a name', '{"a":"b","b":"a"}', undefined],
  ['a name like structure', '{"a,{":1,"}":"\\"a\\":"}', undefined],
  ['one twice', '{"sub":"a","iss":"i","sub":"b"}', 'sub'],
  ['one twice, the second escaped', '{"sub":"a","\\u0073ub":"b"}', 'sub'],
  ['one twice, deep down', '{"a":[{"b":1,"c":[],"b":2}]}', 'b'],
  ['one twice, with white space', '{ "a" : 1 ,\n "a" : 2 }', 'a'],
])('%s', (_situation, json, want) => {
  expect(duplicateMember(json)).toBe(want);
});

test('what JSON.stringify writes has none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(duplicateMember(JSON.stringify(value))).toBeUndefined();
    }),
  );
});

import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { JsonValue } from '../kubernetes/object.ts';
import { parseFieldPath, type FieldPath } from './field-path.ts';
import { maskFieldsWritten } from './mask-fields-in-patch.ts';
import { createMask } from './mask.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const token = '<masked>';
const pathsOf = (texts: readonly string[]): FieldPath[] =>
  texts.map((text) => {
    const parsed = parseFieldPath(text);
    if ('problem' in parsed) throw new Error(parsed.problem);
    return parsed.path;
  });
/** Every mask as the same word: where they stand is what is asked. */
const simple = (value: JsonValue): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(/"holdpoint-mask:[^"]*"/g, `"${token}"`));
const op = (path: string, value: JsonValue) => ({ op: 'replace', path, value });

test.each<[string, string[], JsonValue, JsonValue]>([
  ['the place itself', ['$.spec.pin'], op('/spec/pin', 4711), op('/spec/pin', token)],
  ['what lies in it', ['$.spec.login'], op('/spec/login/words/0', 'x'), op('/spec/login/words/0', token)],
  ['what it lies in', ['$.spec.pin'], op('/spec', { pin: '1', a: 'b' }), op('/spec', { pin: token, a: 'b' })],
  ['the whole object', ['$.spec.pin'], op('', { spec: { pin: '1' } }), op('', { spec: { pin: token } })],
  ['an item, by its index', ['$.users[1].pin'], op('/users/1/pin', '1'), op('/users/1/pin', token)],
  ['another item', ['$.users[1].pin'], op('/users/0/pin', '1'), op('/users/0/pin', '1')],
  ['an item at the end', ['$.users[1].pin'], op('/users/-', { pin: '1' }), op('/users/-', { pin: token })],
  ['an item, any', ['$.users[*].pin'], op('/users/7', { pin: '1' }), op('/users/7', { pin: token })],
  ['a name at any depth', ['$..pin'], op('/a/b/pin', '1'), op('/a/b/pin', token)],
  ['a name at any depth below', ['$..pin'], op('/a/b', { c: { pin: '1' } }), op('/a/b', { c: { pin: token } })],
  ['escaped steps', ["$.data['a/b~c']"], op('/data/a~1b~0c', '1'), op('/data/a~1b~0c', token)],
  ['a tested value', ['$.a'], { op: 'test', path: '/a', value: '1' }, { op: 'test', path: '/a', value: token }],
  ['nothing is written', ['$.a'], { op: 'remove', path: '/a' }, { op: 'remove', path: '/a' }],
  ['elsewhere', ['$.spec.pin'], op('/spec/pins', '1'), op('/spec/pins', '1')],
])('an operation of a patch: %s', (_situation, paths, operation, expected) => {
  const patch = [operation];
  const masked = maskFieldsWritten(patch, pathsOf(paths), mask);
  expect(simple(masked)).toEqual([expected]);
  if (JSON.stringify(operation) === JSON.stringify(expected)) expect(masked).toBe(patch);
});

test('a merge patch has the shape of its object', () => {
  const patch = { spec: { pin: '1', colour: null } };
  expect(simple(maskFieldsWritten(patch, pathsOf(['$.spec.pin']), mask))).toEqual({
    spec: { pin: token, colour: null },
  });
});

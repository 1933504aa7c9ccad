import { expect, test } from '@jest/globals';
import { parseFieldPath } from './field-path.ts';

test.each([
  ['$.spec.password', ['spec', 'password']],
  ["$['spec']['a.b/c']", ['spec', 'a.b/c']],
  ['$["spec"].x-y_z', ['spec', 'x-y_z']],
  ['$.users[*].token', ['users', '*', 'token']],
  ['$.users.*', ['users', '*']],
  ['$.users[0]', ['users', 0]],
  ['$..password', ['..password']],
])('%s leads somewhere', (text, want) => {
  const parsed = parseFieldPath(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const steps = parsed.path.map((each) => {
    if (each.step === 'every') return '*';
    if (each.step === 'index') return each.index;
    return each.step === 'anywhere' ? `..${each.name}` : each.name;
  });
  expect(steps).toEqual(want);
});

const expected = "expected .name, ..name, ['name'], [0], [*] or .*, got";
test.each([
  ['', 'at 0: a path begins with $'],
  ['spec.password', 'at 0: a path begins with $'],
  ['$', 'at 1: $ alone is the whole object; name a field of it'],
  ['$.', `at 1: ${expected} "."`],
  ['$.a[?(@.b)]', `at 3: ${expected} "[?(@.b)]"`],
  ['$.a[1:2]', `at 3: ${expected} "[1:2]"`],
  ['$.a[(1)]', `at 3: ${expected} "[(1)]"`],
  ['$.a["b', `at 3: ${expected} ${JSON.stringify('["b')}`],
  ['$.a b', `at 3: ${expected} " b"`],
  ['$..*', `at 1: ${expected} "..*"`],
  [`$.${'a'.repeat(600)}`, 'longer than 512 characters'],
])('%s is no path, and says where', (text, problem) => {
  expect(parseFieldPath(text)).toEqual({ problem });
});

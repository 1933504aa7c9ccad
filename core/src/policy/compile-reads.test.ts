import { expect, test } from '@jest/globals';
import type { ReadRule } from './access-policy.ts';
import { compilePolicy, type PolicyProblem } from './compile-policy.ts';

function problemsOf(...rules: ReadRule[]): PolicyProblem[] {
  const spec = { subjects: [{ kind: 'Group', name: 'agents' } as const], reads: { rules } };
  const outcome = compilePolicy({ apiVersion: '', kind: '', metadata: { name: 'p' }, spec });
  return 'problems' in outcome ? outcome.problems : [];
}

const rule: ReadRule = { name: 'r', action: 'Deny', verbs: ['get'] };
const when = (expression: string): Pick<ReadRule, 'matchConditions'> => ({
  matchConditions: [{ name: 'c', expression }],
});

test.each<[string, ReadRule]>([
  ['every verb there is', { ...rule, verbs: ['get', 'list', 'watch', 'create', 'deletecollection', 'head', '*'] }],
  ['patterns of namespaces', { ...rule, namespaces: ['prod', 'prod-*'] }],
  ['paths, whole and by their beginning', { ...rule, nonResourceURLs: ['/metrics', '/debug/*', '/', '*'] }],
  ['a condition over the request', { ...rule, ...when('request.command.size() > 0') }],
])('takes %s', (_situation, asked) => {
  expect(problemsOf(asked)).toEqual([]);
});

test.each<[string, ReadRule, string, string]>([
  ['a verb that is none', { ...rule, verbs: ['get', 'read'] }, 'verbs[1]', '"read" is no verb'],
  ['an operation of admission', { ...rule, verbs: ['CONNECT'] }, 'verbs[0]', '"CONNECT" is no verb'],
  ['a namespace that is none', { ...rule, namespaces: ['Prod'] }, 'namespaces[0]', '"Prod" is no namespace'],
  ['a path that is none', { ...rule, nonResourceURLs: ['metrics'] }, 'nonResourceURLs[0]', 'begin with a slash'],
  ['a star in the middle', { ...rule, nonResourceURLs: ['/a/*/b'] }, 'nonResourceURLs[0]', 'has a * that is not at'],
  ['a slash at the end', { ...rule, nonResourceURLs: ['/metrics/'] }, 'nonResourceURLs[0]', 'ends with a slash'],
  [
    'a field that is misspelled',
    { ...rule, ...when('request.comand.size() > 0') },
    'matchConditions[0].expression',
    'No such key: comand',
  ],
  [
    'an object, which a read has not',
    { ...rule, ...when('object.metadata.name == "a"') },
    'matchConditions[0].expression',
    'available: request',
  ],
])('refuses %s, with path and reason', (_situation, asked, path, message) => {
  expect(problemsOf({ ...rule, name: 'other' }, asked)).toEqual([
    { path: `spec.reads.rules[1].${path}`, message: expect.stringContaining(message) },
  ]);
});

test('refuses two rules of one name', () => {
  expect(problemsOf(rule, rule)).toEqual([{ path: 'spec.reads.rules[1].name', message: '"r" names another rule too' }]);
});

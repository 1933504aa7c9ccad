import { expect, test } from '@jest/globals';
import type { Subject } from '../identity/subject.ts';
import { reviewedAs, tellUncontained, uncontainedAccess } from './containment.ts';

test.each<{ situation: string; subject: Subject; want: object }>([
  {
    situation: 'a user',
    subject: { kind: 'User', name: 'bot' },
    want: { user: 'bot', groups: ['system:authenticated'] },
  },
  {
    situation: 'a group, whoever is in it',
    subject: { kind: 'Group', name: 'agents' },
    want: { user: undefined, groups: ['agents', 'system:authenticated'] },
  },
  {
    situation: 'a service account, with its own groups',
    subject: { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' },
    want: {
      user: 'system:serviceaccount:ci:bot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
    },
  },
])('reviewedAs: $situation', ({ subject, want }) => {
  expect(reviewedAs(subject)).toEqual(want);
});

test('what is asked: speaking as somebody else, and every write to what decides about admission', () => {
  const asked = uncontainedAccess.map(({ verb, resource }) => `${verb} ${resource}`);
  expect(asked).toHaveLength(3 + 6 * 4);
  expect(asked).toEqual(expect.arrayContaining(['impersonate serviceaccounts', 'patch mutatingadmissionpolicies']));
});

test('tellUncontained: a line a resource, its verbs together', () => {
  const access = (verb: string, resource: string) => ({ verb, group: '', resource, isNamespaced: false });
  expect(
    tellUncontained([
      { access: access('impersonate', 'users'), namespaces: 0 },
      { access: access('create', 'validatingwebhookconfigurations'), namespaces: 0 },
      { access: access('patch', 'validatingwebhookconfigurations'), namespaces: 0 },
      { access: access('impersonate', 'serviceaccounts'), namespaces: 1 },
    ]),
  ).toEqual([
    'impersonate users',
    'create, patch validatingwebhookconfigurations',
    'impersonate serviceaccounts in 1 namespace',
  ]);
});

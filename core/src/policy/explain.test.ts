import { expect, test } from '@jest/globals';
import type { AccessPolicy, WriteRule } from './access-policy.ts';
import { compilePolicy } from './compile-policy.ts';
import type { NoMatch, WriteRequest } from './evaluate.ts';
import { explainWrite } from './explain.ts';

const write: WriteRequest = {
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  user: { username: 'bot', uid: '', groups: ['agents'], extra: {} },
  object: { metadata: { labels: { app: 'web' } }, spec: { replicas: 5 } },
  oldObject: { metadata: { labels: { app: 'web' } }, spec: { replicas: 3 } },
  request: { operation: 'UPDATE' },
  namespaceObject: { metadata: { labels: { tier: 'gold' } } },
};
const all = [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }] as const;
const policyOf = (name: string, rules: WriteRule[], group = 'agents') => {
  const policy: AccessPolicy = {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [{ kind: 'Group', name: group }], rules },
  };
  const compiled = compilePolicy(policy);
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.policy;
};
const last: WriteRule = { name: 'last', action: 'Allow', resourceRules: all };

const rows: { situation: string; rule: Partial<WriteRule>; want: NoMatch }[] = [
  { situation: 'another namespace', rule: { namespaces: ['dev'] }, want: 'namespaces' },
  {
    situation: 'another resource',
    rule: { resourceRules: [{ apiGroups: [''], resources: ['pods'], operations: ['*'] }] },
    want: 'resourceRules',
  },
  { situation: 'another label', rule: { objectSelector: { matchLabels: { app: 'db' } } }, want: 'objectSelector' },
  {
    situation: 'another label on the namespace',
    rule: { namespaceSelector: { matchLabels: { tier: 'lead' } } },
    want: 'namespaceSelector',
  },
  {
    situation: 'a condition that is false',
    rule: { matchConditions: [{ name: 'small', expression: 'object.spec.replicas < 5' }] },
    want: 'matchCondition "small"',
  },
];
test.each(rows)('$situation: passed over, and why', ({ rule, want }) => {
  const policies = [policyOf('p', [{ name: 'first', action: 'Deny', resourceRules: all, ...rule }, last])];
  const { policies: explained, strictest } = explainWrite(policies, write);
  expect(explained.map(({ policy, passedOver, verdict }) => ({ policy, passedOver, rule: verdict.rule }))).toEqual([
    { policy: 'p', passedOver: [{ rule: 'first', why: want }], rule: 'last' },
  ]);
  expect(strictest).toMatchObject({ action: 'Allow', policy: 'p', rule: 'last' });
});

test('a rule that does not name what is guarded: passed over for that', () => {
  const resource = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'roles' };
  const { policies } = explainWrite([policyOf('p', [last])], { ...write, resource });
  expect(policies).toMatchObject([{ passedOver: [{ rule: 'last', why: 'guarded' }], verdict: { action: 'Deny' } }]);
});

test('a condition that fails: it decides, and refuses', () => {
  const matchConditions = [{ name: 'broken', expression: 'object.spec.nothing > 1' }];
  const { policies } = explainWrite([policyOf('p', [{ ...last, matchConditions }])], write);
  expect(policies).toMatchObject([{ passedOver: [], verdict: { action: 'Deny', rule: 'last' } }]);
});

test('several policies: each explained by name, the strictest decides; those of others are not looked at', () => {
  const deny: WriteRule = { ...last, name: 'no', action: 'Deny' };
  const explained = explainWrite([policyOf('b', [last]), policyOf('a', [deny]), policyOf('c', [deny], 'x')], write);
  expect(explained.policies.map(({ policy }) => policy)).toEqual(['a', 'b']);
  expect(explained.strictest).toMatchObject({ action: 'Deny', policy: 'a', rule: 'no' });
});

test('nobody governed: nothing to explain', () => {
  expect(explainWrite([policyOf('c', [last], 'x')], write)).toEqual({ policies: [], strictest: undefined });
});

import { describe, expect, test } from '@jest/globals';
import type { ResourceRule } from './access-policy.ts';
import { matchesNamespace, matchesResource, matchesResourceRule, type RuleTarget } from './resource-rule.ts';

// The rows of TestResource in k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules/rules_test.go, and more.
describe('matchesResource', () => {
  test.each([
    { pattern: '*', resource: 'pods', subresource: '', want: true },
    { pattern: '*', resource: 'pods', subresource: 'exec', want: false },
    { pattern: 'pods', resource: 'pods', subresource: '', want: true },
    { pattern: 'pods', resource: 'pods', subresource: 'exec', want: false },
    { pattern: 'pods', resource: 'podtemplates', subresource: '', want: false },
    { pattern: 'pods/*', resource: 'pods', subresource: '', want: true },
    { pattern: 'pods/*', resource: 'pods', subresource: 'exec', want: true },
    { pattern: 'pods/*', resource: 'nodes', subresource: 'proxy', want: false },
    { pattern: 'pods/exec', resource: 'pods', subresource: 'exec', want: true },
    { pattern: 'pods/exec', resource: 'pods', subresource: 'attach', want: false },
    { pattern: 'pods/exec', resource: 'pods', subresource: '', want: false },
    { pattern: '*/scale', resource: 'deployments', subresource: 'scale', want: true },
    { pattern: '*/scale', resource: 'deployments', subresource: '', want: false },
    { pattern: '*/scale', resource: 'deployments', subresource: 'status', want: false },
    { pattern: '*/*', resource: 'pods', subresource: '', want: true },
    { pattern: '*/*', resource: 'pods', subresource: 'exec', want: true },
    { pattern: 'pods/exec/more', resource: 'pods', subresource: 'exec', want: false },
    { pattern: 'pods/', resource: 'pods', subresource: '', want: true },
    { pattern: 'Pods', resource: 'pods', subresource: '', want: false },
    { pattern: 'po*', resource: 'pods', subresource: '', want: false },
    { pattern: '', resource: 'pods', subresource: '', want: false },
  ])('$pattern for $resource/$subresource: $want', ({ pattern, resource, subresource, want }) => {
    expect(matchesResource(pattern, resource, subresource)).toBe(want);
  });
});

describe('matchesNamespace', () => {
  test.each([
    { situation: 'the name itself: matches', patterns: ['prod'], namespace: 'prod', want: true },
    { situation: 'a longer name: does not', patterns: ['prod'], namespace: 'prod-eu', want: false },
    { situation: 'a prefix: matches what begins so', patterns: ['prod-*'], namespace: 'prod-eu', want: true },
    { situation: 'a prefix: matches the prefix alone', patterns: ['prod-*'], namespace: 'prod-', want: true },
    { situation: 'a prefix: not the name without the dash', patterns: ['prod-*'], namespace: 'prod', want: false },
    { situation: 'a prefix: not in the middle', patterns: ['prod-*'], namespace: 'eu-prod-1', want: false },
    { situation: '*: every namespace', patterns: ['*'], namespace: 'kube-system', want: true },
    { situation: '*: nothing that is cluster-scoped', patterns: ['*'], namespace: '', want: false },
    { situation: 'an empty name: nothing that is cluster-scoped', patterns: [''], namespace: '', want: false },
    { situation: 'several: one is enough', patterns: ['dev', 'prod'], namespace: 'prod', want: true },
    { situation: 'none: nothing', patterns: [], namespace: 'prod', want: false },
    { situation: 'a dot: no pattern character', patterns: ['pr.d'], namespace: 'prod', want: false },
  ])('$situation', ({ patterns, namespace, want }) => {
    expect(matchesNamespace(patterns, namespace)).toBe(want);
  });
});

describe('matchesResourceRule', () => {
  const anything: ResourceRule = { apiGroups: ['*'], resources: ['*/*'], operations: ['*'] };
  const deployment: RuleTarget = {
    operation: 'UPDATE',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    subresource: '',
    namespace: 'prod',
    name: 'web',
  };
  const node = { resource: { group: '', version: 'v1', resource: 'nodes' }, namespace: '', name: 'node-1' };
  const namespace = { resource: { group: '', version: 'v1', resource: 'namespaces' }, namespace: 'prod', name: 'prod' };
  const rows: { situation: string; rule: Partial<ResourceRule>; target?: Partial<RuleTarget>; want: boolean }[] = [
    { situation: 'all wildcards: matches', rule: {}, want: true },
    { situation: 'its group: matches', rule: { apiGroups: ['apps'] }, want: true },
    { situation: 'another group: does not', rule: { apiGroups: ['batch'] }, want: false },
    { situation: 'the core group: is the empty string, not every group', rule: { apiGroups: [''] }, want: false },
    { situation: 'no group: nothing', rule: { apiGroups: [] }, want: false },
    { situation: 'its version: matches', rule: { apiVersions: ['v1'] }, want: true },
    { situation: 'another version: does not', rule: { apiVersions: ['v1beta1'] }, want: false },
    { situation: 'no version given: every version', rule: { apiVersions: undefined }, want: true },
    { situation: 'its operation among several: matches', rule: { operations: ['CREATE', 'UPDATE'] }, want: true },
    { situation: 'another operation: does not', rule: { operations: ['DELETE'] }, want: false },
    { situation: '* among operations: CONNECT too', rule: {}, target: { operation: 'CONNECT' }, want: true },
    { situation: 'one of several resources: matches', rule: { resources: ['pods', 'deployments'] }, want: true },
    {
      situation: '* without subresources: not scale',
      rule: { resources: ['*'] },
      target: { subresource: 'scale' },
      want: false,
    },
    { situation: 'scope Namespaced, in a namespace: matches', rule: { scope: 'Namespaced' }, want: true },
    { situation: 'scope Cluster, in a namespace: does not', rule: { scope: 'Cluster' }, want: false },
    { situation: 'scope Namespaced, a node: does not', rule: { scope: 'Namespaced' }, target: node, want: false },
    { situation: 'scope Cluster, a node: matches', rule: { scope: 'Cluster' }, target: node, want: true },
    { situation: 'scope *, a node: matches', rule: { scope: '*' }, target: node, want: true },
    {
      situation: 'scope Cluster, a Namespace: matches, though it stands in itself',
      rule: { scope: 'Cluster' },
      target: namespace,
      want: true,
    },
    {
      situation: 'scope Namespaced, a Namespace: does not',
      rule: { scope: 'Namespaced' },
      target: namespace,
      want: false,
    },
    { situation: 'its name: matches', rule: { resourceNames: ['web'] }, want: true },
    { situation: 'another name: does not', rule: { resourceNames: ['api'] }, want: false },
    {
      situation: 'a name asked for, a create without one: does not',
      rule: { resourceNames: [''] },
      target: { name: '' },
      want: false,
    },
    { situation: 'a name is no pattern', rule: { resourceNames: ['*'] }, want: false },
  ];
  test.each(rows)('$situation', ({ rule, target, want }) => {
    expect(matchesResourceRule({ ...anything, ...rule } as ResourceRule, { ...deployment, ...target })).toBe(want);
  });
});

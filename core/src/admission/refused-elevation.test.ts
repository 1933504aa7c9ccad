import { describe, expect, test } from '@jest/globals';
import type { AccessPolicySpec, WriteRule } from '../policy/access-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compile-policy.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { judge } from './judge.ts';

const everything = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
function policy(rules: Partial<WriteRule>[], spec: Partial<AccessPolicySpec> = {}, name = 'p'): CompiledPolicy {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: {
      subjects: [{ kind: 'Group', name: 'agents' }],
      rules: rules.map((rule, i) => ({ name: `r${String(i)}`, action: 'Hold', resourceRules: everything, ...rule })),
      ...spec,
    },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}
const lends = (...groups: string[]): Partial<WriteRule> => ({ elevate: { groups } });
const deployer = lends('holdpoint:deployer');

const state = (replicas: number) => ({ metadata: { name: 'web' }, spec: { replicas } });
const update: AdmissionRequest = {
  uid: 'u',
  operation: 'UPDATE',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  user: { username: 'bot', groups: ['agents'], extra: {} },
  object: state(5),
  oldObject: state(3),
  options: null,
  dryRun: false,
  raw: {},
};
const request = { 'holdpoint.dev/request': ['r-1'] };
const elevated = (...groups: string[]) => ({ username: 'bot', groups: ['agents', ...groups], extra: request });
const borrowed = 'the request is made with the permission of holdpoint:deployer, ';
const cause = (given: string) => [{ reason: 'HoldpointElevation', field: 'holdpoint.dev/elevate', message: given }];

describe('a request with a permission that was lent', () => {
  const judged = (user: AdmissionRequest['user'], policies: CompiledPolicy[], more: Partial<AdmissionRequest> = {}) =>
    judge({
      request: { ...update, ...more, user },
      policies,
      namespaceObject: null,
      containsMask: () => false,
      showsMasks: () => false,
    });

  test.each<{ situation: string; policies: CompiledPolicy[]; user?: AdmissionRequest['user'] }>([
    { situation: 'of the rule that holds it', policies: [policy([deployer])] },
    {
      situation: 'of several groups, in another order',
      policies: [policy([lends('holdpoint:b', 'holdpoint:a')])],
      user: elevated('holdpoint:a', 'holdpoint:b'),
    },
    {
      situation: 'of the strictest of two policies',
      policies: [policy([{ action: 'Allow' }], {}, 'a'), policy([deployer])],
    },
  ])('$situation: is asked about, on record as such', ({ policies, user = elevated('holdpoint:deployer') }) => {
    expect(judged(user, policies)).toMatchObject({
      type: 'Ask',
      annotations: { decision: 'hold', policy: 'p', rule: 'r0', elevated: user.groups.slice(1).join(',') },
    });
  });

  test('of a rule that allows: passes, on record as such', () => {
    expect(judged(elevated('holdpoint:deployer'), [policy([{ ...deployer, action: 'Allow' }])])).toEqual({
      type: 'Pass',
      annotations: { decision: 'allow', policy: 'p', rule: 'r0', elevated: 'holdpoint:deployer' },
    });
  });

  const notAdded = `${borrowed}which the rule that decides it ("r0" of policy "p") does not add.`;
  test.each<{
    situation: string;
    policies: CompiledPolicy[];
    user?: AdmissionRequest['user'];
    more?: Partial<AdmissionRequest>;
    want: string;
    wantCause?: string;
  }>([
    { situation: 'of no rule', policies: [policy([{}])], want: notAdded },
    { situation: 'of no rule, though one allows the write', policies: [policy([{ action: 'Allow' }])], want: notAdded },
    {
      situation: 'of a rule that comes after the one that decides',
      policies: [policy([{ action: 'Allow' }, deployer])],
      want: notAdded,
    },
    {
      situation: 'where the default decides',
      policies: [policy([])],
      want: `${borrowed}which the rule that decides it ("default" of policy "p") does not add.`,
    },
    {
      situation: 'of another rule’s group: it is told which one is',
      policies: [policy([lends('holdpoint:other')])],
      want: notAdded,
      wantCause: 'holdpoint:other',
    },
    {
      situation: 'of one group more than the rule adds',
      policies: [policy([deployer])],
      user: elevated('holdpoint:deployer', 'holdpoint:more'),
      want: 'the request is made with the permission of holdpoint:deployer, holdpoint:more, which the rule that decides it ("r0" of policy "p") does not add.',
      wantCause: 'holdpoint:deployer',
    },
    {
      situation: 'of one group less',
      policies: [policy([lends('holdpoint:deployer', 'holdpoint:more')])],
      want: notAdded,
      wantCause: 'holdpoint:deployer,holdpoint:more',
    },
    {
      situation: 'of the laxer of two policies',
      policies: [policy([{}], { hold: { minApprovals: 2 } }), policy([deployer], {}, 'z')],
      want: notAdded,
    },
    {
      situation: 'for a change of nothing, which the rule does not lend it for',
      policies: [policy([{}])],
      more: { object: state(3) },
      want: notAdded,
    },
    {
      situation: 'that did not come through the proxy',
      policies: [policy([deployer])],
      user: { ...elevated('holdpoint:deployer'), extra: {} },
      want: `${borrowed}which only the proxy adds to a request. Nobody is in such a group.`,
      wantCause: 'holdpoint:deployer',
    },
    {
      situation: 'of somebody whom no policy governs',
      policies: [policy([deployer])],
      user: { username: 'mallory', groups: ['holdpoint:deployer'], extra: request },
      want: `${borrowed}and no policy governs its user.`,
    },
    {
      situation: 'to write a role, by a rule for everything',
      policies: [policy([deployer], { defaultAction: 'Allow' })],
      more: { resource: { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'roles' } },
      want: 'refused by the default',
    },
    {
      situation: 'to make a Secret that holds a service account’s token, by a rule for Secrets',
      policies: [
        policy([{ ...deployer, resourceRules: [{ ...everything[0], apiGroups: [''], resources: ['secrets'] }] }]),
      ],
      more: {
        operation: 'CREATE',
        resource: { group: '', version: 'v1', resource: 'secrets' },
        object: { type: 'kubernetes.io/service-account-token' },
        oldObject: null,
      },
      want: `${borrowed}which no rule adds to what gives or hands on a permission.`,
      wantCause: 'holdpoint:deployer',
    },
    {
      situation: 'to ask for a grant',
      policies: [policy([deployer])],
      more: { operation: 'CREATE', resource: { group: 'holdpoint.dev', version: 'v1alpha1', resource: 'grants' } },
      want: `${borrowed}which no rule adds to what gives or hands on a permission.`,
      wantCause: 'holdpoint:deployer',
    },
  ])('$situation: refused', ({ policies, user = elevated('holdpoint:deployer'), more, want, wantCause = '' }) => {
    const judgement = judged(user, policies, more);
    expect(judgement).toMatchObject({ type: 'Refuse', annotations: { decision: 'deny' } });
    if (judgement.type !== 'Refuse') return;
    if (want === 'refused by the default') {
      expect(judgement.message).toContain('refused unless a rule names it');
      expect(judgement.causes).toBeUndefined();
    } else {
      expect([judgement.message, judgement.causes]).toEqual([want, cause(wantCause)]);
    }
  });

  test('under a rule that denies: its own words, and nothing that would have it asked again', () => {
    const judgement = judged(elevated('holdpoint:deployer'), [policy([{ action: 'Deny', message: 'Never.' }])]);
    expect(judgement).toEqual({
      type: 'Refuse',
      message: 'Never. (rule "r0" of policy "p")',
      annotations: { decision: 'deny', policy: 'p', rule: 'r0', elevated: 'holdpoint:deployer' },
    });
  });
});

test('a request without one, under a rule that would lend one: asked about like any other', () => {
  const judgement = judge({
    request: update,
    policies: [policy([deployer])],
    namespaceObject: null,
    containsMask: () => false,
    showsMasks: () => false,
  });
  expect(judgement).toMatchObject({ type: 'Ask', annotations: { decision: 'hold', policy: 'p', rule: 'r0' } });
});

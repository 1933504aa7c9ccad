import { describe, expect, test } from '@jest/globals';
import type { AccessPolicySpec, Action } from './access-policy.ts';
import { compilePolicy } from './compile-policy.ts';
import { unanswerableHolds } from './unanswerable-holds.ts';

const sre = [{ kind: 'Group', name: 'sre' }] as const;
const rule = (action: Action, more: object = {}) => ({
  name: 'r',
  action,
  resourceRules: [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] as const }],
  ...more,
});

describe('unanswerableHolds', () => {
  test.each<{ situation: string; spec: Partial<AccessPolicySpec>; wantPaths: string[] }>([
    {
      situation: 'nothing said: the default is Hold, and nobody is named',
      spec: {},
      wantPaths: ['spec.hold.approvers'],
    },
    { situation: 'approvers for the policy', spec: { hold: { approvers: sre } }, wantPaths: [] },
    { situation: 'nothing is ever held', spec: { defaultAction: 'Deny', rules: [rule('Allow')] }, wantPaths: [] },
    {
      situation: 'a rule that holds, and nobody is named',
      spec: { defaultAction: 'Deny', rules: [rule('Hold')] },
      wantPaths: ['spec.rules[0].hold.approvers'],
    },
    {
      situation: 'a rule that holds, with approvers of its own',
      spec: { defaultAction: 'Deny', rules: [rule('Hold', { hold: { approvers: sre } })] },
      wantPaths: [],
    },
    {
      situation: 'a rule that names nobody, against approvers of the policy',
      spec: { hold: { approvers: sre }, rules: [rule('Hold', { hold: { approvers: [] } })] },
      wantPaths: ['spec.rules[0].hold.approvers'],
    },
  ])('$situation', ({ spec, wantPaths }) => {
    const compiled = compilePolicy({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'p' },
      spec: { subjects: [{ kind: 'Group', name: 'agents' }], ...spec },
    });
    if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
    expect(unanswerableHolds(compiled.policy).map(({ path }) => path)).toEqual(wantPaths);
  });
});

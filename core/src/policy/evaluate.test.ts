import { describe, expect, test } from '@jest/globals';
import type { AccessPolicySpec, WriteRule } from './access-policy.ts';
import { compilePolicy, type CompiledPolicy } from './compile-policy.ts';
import { evaluateWrite, type StrictestVerdict, type Verdict, type WriteRequest } from './evaluate.ts';
import { governingPolicies } from './governing-policies.ts';

const resourceRules = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
const nothing = [{ apiGroups: ['none'], resources: ['none'], operations: ['DELETE'] }] as const;
const agents = [{ kind: 'Group', name: 'agents' }] as const;

function policy(name: string, spec: Partial<AccessPolicySpec>): CompiledPolicy {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: agents, ...spec },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}

function rule(name: string, action: WriteRule['action'], more: Partial<WriteRule> = {}): WriteRule {
  return { name, action, resourceRules, ...more };
}

function when(...expressions: string[]): Pick<WriteRule, 'matchConditions'> {
  return { matchConditions: expressions.map((expression, i) => ({ name: `c${String(i)}`, expression })) };
}

const write: WriteRequest = {
  user: { username: 'bot', groups: ['agents', 'system:authenticated'], extra: {} },
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  object: { spec: { replicas: 5 } },
  oldObject: { spec: { replicas: 3 } },
  request: { operation: 'UPDATE' },
  namespaceObject: null,
};

const hold = {
  approvers: [],
  minApprovals: 1,
  expiresAfterSeconds: 3_600,
  useWithinSeconds: 600,
  pauseForSeconds: 300,
};
const verdict = (action: Verdict['action'], policyName: string, ruleName: string, message?: string): Verdict => ({
  action,
  policy: policyName,
  rule: ruleName,
  hold,
  notify: [],
  maxPending: 20,
  maxChangeBytes: 65_536,
  ...(message === undefined ? {} : { message }),
});

describe('evaluateWrite', () => {
  const rows: {
    situation: string;
    policies: CompiledPolicy[];
    write?: Partial<WriteRequest>;
    want: Verdict | undefined;
  }[] = [
    { situation: 'no policy: ungoverned', policies: [], want: undefined },
    {
      situation: 'a policy for somebody else: ungoverned',
      policies: [policy('p', { subjects: [{ kind: 'User', name: 'alice' }], defaultAction: 'Deny' })],
      want: undefined,
    },
    {
      situation: 'no rule: the default, which is Hold',
      policies: [policy('p', {})],
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'no rule that matches: the default',
      policies: [policy('p', { defaultAction: 'Allow', rules: [rule('r', 'Deny', { resourceRules: nothing })] })],
      want: verdict('Allow', 'p', 'default'),
    },
    {
      situation: 'two rules match: the first decides, though the second is stricter',
      policies: [policy('p', { rules: [rule('first', 'Allow'), rule('second', 'Deny')] })],
      want: verdict('Allow', 'p', 'first'),
    },
    {
      situation: 'a rule with a message: carried',
      policies: [policy('p', { rules: [rule('r', 'Deny', { message: 'Ask in #platform.' })] })],
      want: verdict('Deny', 'p', 'r', 'Ask in #platform.'),
    },
    {
      situation: 'one of several resource rules: enough',
      policies: [policy('p', { rules: [rule('r', 'Deny', { resourceRules: [...nothing, ...resourceRules] })] })],
      want: verdict('Deny', 'p', 'r'),
    },
    {
      situation: 'a rule for other namespaces: passed over',
      policies: [policy('p', { rules: [rule('r', 'Allow', { namespaces: ['dev', 'dev-*'] })] })],
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'a rule for a namespace: does not allow to delete that Namespace',
      policies: [policy('p', { rules: [rule('r', 'Allow', { namespaces: ['prod'] })] })],
      write: {
        operation: 'DELETE',
        resource: { group: '', version: 'v1', resource: 'namespaces' },
        name: 'prod',
        object: null,
      },
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'a rule for every namespace: not for what is cluster-scoped',
      policies: [policy('p', { rules: [rule('r', 'Allow', { namespaces: ['*'] })] })],
      write: { resource: { group: '', version: 'v1', resource: 'nodes' }, namespace: '', name: 'n' },
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'all conditions true: matches',
      policies: [
        policy('p', {
          rules: [
            rule(
              'r',
              'Allow',
              when('object.spec.replicas <= 10', 'oldObject.spec.replicas == 3', 'request.operation == "UPDATE"'),
            ),
          ],
        }),
      ],
      want: verdict('Allow', 'p', 'r'),
    },
    {
      situation: 'one condition false: passed over',
      policies: [policy('p', { rules: [rule('r', 'Allow', when('true', 'object.spec.replicas <= 4'))] })],
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'an error in an Allow rule: Deny, which the next rule does not soften',
      policies: [policy('p', { rules: [rule('r', 'Allow', when('object.missing == 1')), rule('next', 'Allow')] })],
      want: verdict('Deny', 'p', 'r', 'matchCondition "c0" could not be evaluated: No such key: missing'),
    },
    {
      situation: 'an error in a Deny rule: Deny',
      policies: [
        policy('p', {
          defaultAction: 'Allow',
          rules: [rule('r', 'Deny', { ...when('object.missing == 1'), message: 'No.' })],
        }),
      ],
      want: verdict('Deny', 'p', 'r', 'matchCondition "c0" could not be evaluated: No such key: missing'),
    },
    {
      situation: 'an error, then a false: the false settles it',
      policies: [policy('p', { rules: [rule('r', 'Deny', when('object.missing == 1', 'false'))] })],
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'two errors: the first is told',
      policies: [policy('p', { rules: [rule('r', 'Deny', when('true', 'object.one == 1', 'object.two == 1'))] })],
      want: verdict('Deny', 'p', 'r', 'matchCondition "c1" could not be evaluated: No such key: one'),
    },
    {
      situation: 'an error in a rule that does not match anyway: never evaluated',
      policies: [
        policy('p', { rules: [rule('r', 'Deny', { ...when('object.missing == 1'), resourceRules: nothing })] }),
      ],
      want: verdict('Hold', 'p', 'default'),
    },
    {
      situation: 'a DELETE, and a condition on the new object: Deny',
      policies: [policy('p', { rules: [rule('r', 'Allow', when('object.spec.replicas <= 10'))] })],
      write: { operation: 'DELETE', object: null },
      want: verdict('Deny', 'p', 'r', 'matchCondition "c0" could not be evaluated: No such key: spec'),
    },
    {
      situation: 'Allow, Hold and Deny of three policies: Deny',
      policies: [policy('a', { rules: [rule('r', 'Allow')] }), policy('b', { defaultAction: 'Deny' }), policy('c', {})],
      want: verdict('Deny', 'b', 'default'),
    },
    {
      situation: 'Allow and Hold: Hold',
      policies: [policy('a', { defaultAction: 'Allow' }), policy('b', {})],
      want: verdict('Hold', 'b', 'default'),
    },
    {
      situation: 'two of the same: the first by name, whatever order they come in',
      policies: [
        policy('z', { defaultAction: 'Deny' }),
        policy('a', { defaultAction: 'Deny' }),
        policy('m', { defaultAction: 'Deny' }),
      ],
      want: verdict('Deny', 'a', 'default'),
    },
    {
      situation: 'two holds: the one that asks more people, though a lenient one comes first by name',
      policies: [policy('a', {}), policy('b', { hold: { minApprovals: 2 } }), policy('c', {})],
      want: { ...verdict('Hold', 'b', 'default'), hold: { ...hold, minApprovals: 2 } },
    },
    {
      situation: 'a strict policy for somebody else: does not count',
      policies: [
        policy('a', { defaultAction: 'Allow' }),
        policy('b', { subjects: [{ kind: 'Group', name: 'ci' }], defaultAction: 'Deny' }),
      ],
      want: verdict('Allow', 'a', 'default'),
    },
    {
      situation: "a Hold: carries its rule's settings and its policy's limits",
      policies: [
        policy('p', {
          maxPending: 1,
          maxChangeBytes: 1_024,
          rules: [rule('r', 'Hold', { hold: { minApprovals: 2, pauseFor: '1s' } })],
        }),
      ],
      want: {
        ...verdict('Hold', 'p', 'r'),
        maxPending: 1,
        maxChangeBytes: 1_024,
        hold: { ...hold, minApprovals: 2, pauseForSeconds: 1 },
      },
    },
  ];
  test.each(rows)('$situation', ({ policies, write: more, want }) => {
    const got = evaluateWrite(policies, { ...write, ...more });
    expect(got === undefined ? undefined : withoutOthers(got)).toEqual(want);
  });
});

function withoutOthers({ alsoHeldBy: _alsoHeldBy, ...verdict }: StrictestVerdict): Verdict {
  return verdict;
}

describe('governingPolicies', () => {
  const bot = { username: 'system:serviceaccount:ci:bot', groups: ['agents'] };
  test.each([
    { situation: 'its group: governs', subject: { kind: 'Group', name: 'agents' }, want: ['p'] },
    { situation: 'another group: does not', subject: { kind: 'Group', name: 'agent' }, want: [] },
    {
      situation: 'its service account: governs',
      subject: { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' },
      want: ['p'],
    },
    {
      situation: 'a namesake elsewhere: does not',
      subject: { kind: 'ServiceAccount', namespace: 'dev', name: 'bot' },
      want: [],
    },
    {
      situation: 'its full username as a User: governs',
      subject: { kind: 'User', name: 'system:serviceaccount:ci:bot' },
      want: ['p'],
    },
    { situation: 'a User named like its group: does not', subject: { kind: 'User', name: 'agents' }, want: [] },
  ] as const)('$situation', ({ subject, want }) => {
    expect(governingPolicies([policy('p', { subjects: [subject] })], bot).map(({ name }) => name)).toEqual(want);
  });
});

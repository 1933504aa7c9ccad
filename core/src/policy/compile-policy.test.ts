import { describe, expect, test } from '@jest/globals';
import type { AccessPolicySpec, WriteRule } from './access-policy.ts';
import { compilePolicy, type PolicyProblem } from './compile-policy.ts';

const resourceRules = [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }] as const;

function compile(spec: AccessPolicySpec) {
  return compilePolicy({ apiVersion: 'holdpoint.dev/v1alpha1', kind: 'AccessPolicy', metadata: { name: 'p' }, spec });
}

describe('compilePolicy, of what is right', () => {
  test('a minimal policy: every default in place', () => {
    const spec: AccessPolicySpec = { subjects: [{ kind: 'Group', name: 'agents' }] };
    expect(compile(spec)).toEqual({
      policy: {
        name: 'p',
        spec,
        defaultAction: 'Hold',
        rules: [],
        reads: { defaultAction: 'Allow', rules: [] },
        hold: {
          approvers: [],
          minApprovals: 1,
          expiresAfterSeconds: 3_600,
          useWithinSeconds: 600,
          pauseForSeconds: 300,
        },
        notify: [],
        maxPending: 20,
        maxChangeBytes: 65_536,
      },
    });
  });

  test("a rule's hold settings: its own, then the policy's, then the defaults", () => {
    const alice = [{ kind: 'User', name: 'alice' }] as const;
    const rule: WriteRule = { name: 'r', action: 'Hold', resourceRules, hold: { useWithin: '30s' } };
    const spec: AccessPolicySpec = {
      subjects: [{ kind: 'ServiceAccount', namespace: 'ci', name: 'bot' }],
      hold: { approvers: alice, minApprovals: 2, useWithin: '1m' },
      rules: [rule],
      maxPending: 3,
      maxChangeBytes: 2_048,
      defaultAction: 'Deny',
    };
    expect(compile(spec)).toEqual({
      policy: {
        name: 'p',
        spec,
        defaultAction: 'Deny',
        rules: [
          {
            rule,
            conditions: [],
            hold: {
              approvers: alice,
              minApprovals: 2,
              expiresAfterSeconds: 3_600,
              useWithinSeconds: 30,
              pauseForSeconds: 300,
            },
          },
        ],
        reads: { defaultAction: 'Allow', rules: [] },
        hold: {
          approvers: alice,
          minApprovals: 2,
          expiresAfterSeconds: 3_600,
          useWithinSeconds: 60,
          pauseForSeconds: 300,
        },
        notify: [],
        maxPending: 3,
        maxChangeBytes: 2_048,
      },
    });
  });

  test.each(['prod', 'prod-*', '*-prod', 'a*b', '**', '*', '1-a'])('the namespace %j: is one', (pattern) => {
    const spec: AccessPolicySpec = {
      subjects: [],
      rules: [{ name: 'r', action: 'Deny', resourceRules, namespaces: [pattern] }],
    };
    expect(compile(spec)).toHaveProperty('policy.name', 'p');
  });
});

describe('compilePolicy, of what is wrong', () => {
  const rows: { situation: string; spec: Partial<AccessPolicySpec>; wantProblems: PolicyProblem[] }[] = [
    {
      situation: 'a masking path with a filter, and one without a beginning',
      spec: { masking: { fields: [{ resources: ['databases'], paths: ['$.spec.password', '$.a[?(@.b)]', 'spec'] }] } },
      wantProblems: [
        {
          path: 'spec.masking.fields[0].paths[1]',
          message: `"$.a[?(@.b)]" is no path: at 3: expected .name, ..name, ['name'], [0], [*] or .*, got "[?(@.b)]"`,
        },
        { path: 'spec.masking.fields[0].paths[2]', message: '"spec" is no path: at 0: a path begins with $' },
      ],
    },
    {
      situation: 'a ServiceAccount without namespace',
      spec: { subjects: [{ kind: 'ServiceAccount', name: 'bot' }] },
      wantProblems: [{ path: 'spec.subjects[0].namespace', message: 'a ServiceAccount needs its namespace' }],
    },
    {
      situation: 'a Group and a User with one',
      spec: {
        subjects: [
          { kind: 'Group', name: 'g', namespace: 'ns' },
          { kind: 'User', name: 'u', namespace: '' },
        ],
      },
      wantProblems: [
        { path: 'spec.subjects[0].namespace', message: 'a Group has no namespace' },
        { path: 'spec.subjects[1].namespace', message: 'a User has no namespace' },
      ],
    },
    {
      situation: 'a duration of the policy: told once, not again for every rule that inherits it',
      spec: {
        hold: { pauseFor: 'soon' },
        rules: [
          { name: 'a', action: 'Hold', resourceRules },
          { name: 'b', action: 'Hold', resourceRules },
        ],
      },
      wantProblems: [{ path: 'spec.hold.pauseFor', message: '"soon" is not a duration such as 90s, 10m or 1h30m' }],
    },
    {
      situation: 'namespaces that are no names',
      spec: {
        rules: [{ name: 'r', action: 'Deny', resourceRules, namespaces: ['ok', '', 'a*b', 'Prod', '*-prod', 'a.b'] }],
      },
      wantProblems: [
        {
          path: 'spec.rules[0].namespaces[1]',
          message: '"" is no namespace\'s name, nor a pattern of a-z, 0-9, - and *',
        },
        {
          path: 'spec.rules[0].namespaces[3]',
          message: '"Prod" is no namespace\'s name, nor a pattern of a-z, 0-9, - and *',
        },
        {
          path: 'spec.rules[0].namespaces[5]',
          message: '"a.b" is no namespace\'s name, nor a pattern of a-z, 0-9, - and *',
        },
      ],
    },
    {
      situation: 'subjects that the cluster stands on, or that mean everybody',
      spec: {
        subjects: [
          { kind: 'Group', name: 'system:masters' },
          { kind: 'Group', name: 'agents' },
          { kind: 'User', name: 'system:kube-controller-manager' },
          { kind: 'ServiceAccount', namespace: 'kube-system', name: 'namespace-controller' },
          { kind: 'ServiceAccount', namespace: 'ci', name: 'bot' },
        ],
      },
      wantProblems: [
        { whom: 'group "system:masters"', i: 0 },
        { whom: 'account "system:kube-controller-manager"', i: 2 },
        { whom: 'account "system:serviceaccount:kube-system:namespace-controller"', i: 3 },
      ].map(({ whom, i }) => ({
        path: `spec.subjects[${String(i)}].name`,
        message: `the ${whom} keeps the cluster running or means everybody; name the agents' own groups or accounts`,
      })),
    },
    {
      situation: 'selectors that say nothing, or too much',
      spec: {
        rules: [
          {
            name: 'r',
            action: 'Deny',
            resourceRules,
            namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
            objectSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['1'] }] },
          },
        ],
      },
      wantProblems: [
        { path: 'spec.rules[0].namespaceSelector.matchExpressions[0].values', message: 'In needs values' },
        { path: 'spec.rules[0].objectSelector.matchExpressions[0].values', message: 'Exists takes no values' },
      ],
    },
    {
      situation: 'a version that the client may choose another one for, in rules that do not allow',
      spec: {
        rules: (['Allow', 'Hold', 'Deny'] as const).map((action) => ({
          name: action.toLowerCase(),
          action,
          resourceRules: [{ ...resourceRules[0], apiVersions: ['v1'] }],
        })),
      },
      wantProblems: [
        { i: 1, holds: 'holds' },
        { i: 2, holds: 'denies' },
      ].map(({ i, holds }) => ({
        path: `spec.rules[${String(i)}].resourceRules[0].apiVersions`,
        message: `a rule that ${holds} is for every version: the same object under another would pass it by`,
      })),
    },
    {
      situation: 'two rules of one name',
      spec: {
        rules: [
          { name: 'r', action: 'Deny', resourceRules },
          { name: 'r', action: 'Allow', resourceRules },
        ],
      },
      wantProblems: [{ path: 'spec.rules[1].name', message: '"r" names another rule too' }],
    },
    {
      situation: 'a subject that is a group which rules elevate to',
      spec: { subjects: [{ kind: 'Group', name: 'holdpoint:deployer' }] },
      wantProblems: [
        {
          path: 'spec.subjects[0].name',
          message: 'groups that begin with "holdpoint:" are what rules elevate to; nobody is in one',
        },
      ],
    },
    {
      situation: 'elevating to a group of the system’s, of anybody’s, and of no name',
      spec: {
        rules: [
          {
            name: 'r',
            action: 'Hold',
            resourceRules,
            elevate: { groups: ['system:masters', 'deployers', 'holdpoint:', 'holdpoint:x y', 'holdpoint:fine'] },
          },
        ],
      },
      wantProblems: ['system:masters', 'deployers', 'holdpoint:', 'holdpoint:x y'].map((group, i) => ({
        path: `spec.rules[0].elevate.groups[${String(i)}]`,
        message: `"${group}" must begin with "holdpoint:" and go on in a-z, 0-9, ., : and -: no group that anybody is in otherwise`,
      })),
    },
    {
      situation: 'elevating to nothing, and where it is denied',
      spec: {
        rules: [
          { name: 'a', action: 'Allow', resourceRules, elevate: { groups: [] } },
          { name: 'b', action: 'Deny', resourceRules, elevate: { groups: ['holdpoint:x'] } },
        ],
      },
      wantProblems: [
        { path: 'spec.rules[0].elevate.groups', message: 'name at least one group' },
        { path: 'spec.rules[1].elevate', message: 'a rule that denies gives no permission' },
      ],
    },
    {
      situation: 'elevating what would outlive the request',
      spec: {
        rules: [
          {
            name: 'r',
            action: 'Hold',
            elevate: { groups: ['holdpoint:x'] },
            resourceRules: [
              { apiGroups: ['apps'], resources: ['*'], operations: ['*'] },
              { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], operations: ['*'] },
              { apiGroups: ['holdpoint.dev'], resources: ['*'], operations: ['*'] },
              { apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] },
            ],
          },
        ],
      },
      wantProblems: [1, 2, 3].map((i) => ({
        path: `spec.rules[0].resourceRules[${String(i)}]`,
        message: 'never elevated: roles, credentials, signatures, admission, access reviews and our own objects',
      })),
    },
    {
      situation: 'everything at once: each with its path',
      spec: {
        subjects: [{ kind: 'ServiceAccount', name: 'bot', namespace: '' }],
        hold: { expiresAfter: '0s', useWithin: '1d' },
        rules: [
          { name: 'ok', action: 'Allow', resourceRules },
          {
            name: 'ok',
            action: 'Hold',
            resourceRules,
            namespaces: ['UPPER'],
            matchConditions: [
              { name: 'good', expression: 'true' },
              { name: 'typo', expression: 'objct == null' },
              { name: 'int', expression: '1' },
            ],
            hold: { pauseFor: '' },
          },
        ],
      },
      wantProblems: [
        { path: 'spec.subjects[0].namespace', message: 'a ServiceAccount needs its namespace' },
        { path: 'spec.hold.expiresAfter', message: '"0s" is not a duration such as 90s, 10m or 1h30m' },
        { path: 'spec.hold.useWithin', message: '"1d" is not a duration such as 90s, 10m or 1h30m' },
        { path: 'spec.rules[1].name', message: '"ok" names another rule too' },
        {
          path: 'spec.rules[1].matchConditions[1].expression',
          message:
            'CEL does not compile: Unknown variable: objct; available: object, oldObject, request, namespaceObject',
        },
        { path: 'spec.rules[1].matchConditions[2].expression', message: 'CEL must yield a bool, and this yields int' },
        {
          path: 'spec.rules[1].namespaces[0]',
          message: '"UPPER" is no namespace\'s name, nor a pattern of a-z, 0-9, - and *',
        },
        { path: 'spec.rules[1].hold.pauseFor', message: '"" is not a duration such as 90s, 10m or 1h30m' },
      ],
    },
  ];
  test.each(rows)('$situation', ({ spec, wantProblems }) => {
    expect(compile({ subjects: [{ kind: 'Group', name: 'agents' }], ...spec })).toEqual({ problems: wantProblems });
  });
});

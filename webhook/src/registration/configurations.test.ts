import { describe, expect, test } from '@jest/globals';
import { compilePolicy, evaluateWrite, type JsonObject, type Subject } from '@holdpoint/core';
import fc from 'fast-check';
import { governedExpression, mutatingConfiguration, validatingConfiguration } from './configurations.ts';

/** What an expression says of a user, by a CEL engine. A user without groups has no such field in an AdmissionRequest. */
function says(expression: string, user: { username: string; groups?: string[] }): boolean {
  const resourceRules = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
  const compiled = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: {
      subjects: [{ kind: 'User', name: 'u' }],
      defaultAction: 'Deny',
      rules: [{ name: 'r', action: 'Allow', resourceRules, matchConditions: [{ name: 'c', expression }] }],
    },
  });
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  const verdict = evaluateWrite([compiled.policy], {
    user: { username: 'u', groups: [], extra: {} },
    operation: 'CREATE',
    resource: { group: '', version: 'v1', resource: 'pods' },
    subresource: '',
    namespace: 'n',
    name: 'x',
    object: {},
    oldObject: null,
    request: { userInfo: user as unknown as JsonObject },
    namespaceObject: null,
  });
  if (verdict?.message !== undefined) throw new Error(verdict.message);
  return verdict?.action === 'Allow';
}

/** Stands at the end of every expression: who is elevated is asked about, governed or not. */
const orElevated = '(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g.startsWith("holdpoint:")))';

describe('governedExpression', () => {
  const rows: { situation: string; subjects: Subject[]; want: string }[] = [
    { situation: 'no subjects: nobody', subjects: [], want: '' },
    { situation: 'a user', subjects: [{ kind: 'User', name: 'bot' }], want: 'request.userInfo.username in ["bot"]' },
    {
      situation: 'a service account: its username',
      subjects: [{ kind: 'ServiceAccount', namespace: 'ci', name: 'bot' }],
      want: 'request.userInfo.username in ["system:serviceaccount:ci:bot"]',
    },
    {
      situation: 'a group: only of who has groups',
      subjects: [{ kind: 'Group', name: 'agents' }],
      want: '(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["agents"]))',
    },
    {
      situation: 'several, some twice: each once, in order',
      subjects: [
        { kind: 'User', name: 'b' },
        { kind: 'Group', name: 'z' },
        { kind: 'User', name: 'a' },
        { kind: 'Group', name: 'y' },
        { kind: 'User', name: 'b' },
      ],
      want: 'request.userInfo.username in ["a", "b"] || (has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["y", "z"]))',
    },
    {
      situation: 'quotes and backslashes: escaped',
      subjects: [{ kind: 'User', name: 'a"b\\c' }],
      want: 'request.userInfo.username in ["a\\"b\\\\c"]',
    },
    {
      situation: 'line breaks: escaped',
      subjects: [{ kind: 'User', name: 'a\nb\u0000' }],
      want: 'request.userInfo.username in ["a\\nb\\u0000"]',
    },
    {
      situation: 'letters of any script: as they are',
      subjects: [{ kind: 'User', name: 'ü漢😀' }],
      want: 'request.userInfo.username in ["ü漢😀"]',
    },
  ];
  test.each(rows)('$situation', ({ subjects, want }) => {
    expect(governedExpression(subjects)).toBe(want === '' ? orElevated : `${want} || ${orElevated}`);
  });

  test.each([
    { situation: 'in a group that rules elevate to', groups: ['developers', 'holdpoint:deployer'], want: true },
    { situation: 'in none', groups: ['developers', 'not-holdpoint:deployer'], want: false },
    { situation: 'without groups', groups: undefined, want: false },
  ])('a user whom no policy governs, $situation: asked about = $want', ({ groups, want }) => {
    const user = { username: 'carol', ...(groups === undefined ? {} : { groups }) };
    expect(says(governedExpression([]), user)).toBe(want);
    expect(says(governedExpression([{ kind: 'Group', name: 'agents' }]), user)).toBe(want);
  });

  const names = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(
      '"] || true || "" in ["',
      '\\',
      '\\"',
      "'",
      '"',
      '\\u0041',
      '${x}',
      '`',
      '\n',
      '\r',
      '\u2028',
      '😀',
      '//',
      '%',
    ),
  );
  test('any name: governs exactly who is called so', () => {
    fc.assert(
      fc.property(names, names, (name, other) => {
        const user = governedExpression([{ kind: 'User', name }]);
        const group = governedExpression([{ kind: 'Group', name }]);
        expect(says(user, { username: name })).toBe(true);
        expect(says(user, { username: other, groups: [name] })).toBe(other === name);
        expect(says(group, { username: 'x', groups: ['y', name] })).toBe(true);
        expect(says(group, { username: name, groups: [other] })).toBe(other === name);
        expect(says(group, { username: name })).toBe(false);
      }),
    );
  });
});

const client = { url: 'https://webhook:8443', caBundle: 'Q0E=' };
const common = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
  admissionReviewVersions: ['v1'],
};
const input = {
  client,
  subjects: [{ kind: 'Group', name: 'agents' }] as const,
  ownUsername: 'system:serviceaccount:holdpoint:"webhook"',
  credentialExtra: 'credential-id',
};
const notOurselves = {
  name: 'not-ourselves',
  expression:
    'request.userInfo.username != "system:serviceaccount:holdpoint:\\"webhook\\"" || ' +
    '!has(request.userInfo.extra) || !("credential-id" in request.userInfo.extra)',
};

describe('the configurations, whole', () => {
  test('where the API server tells no credentials, our name alone is us', () => {
    const [decide] = mutatingConfiguration({ ...input, credentialExtra: '' }).webhooks;
    expect(decide?.matchConditions).toEqual([
      {
        name: 'not-ourselves',
        expression: 'request.userInfo.username != "system:serviceaccount:holdpoint:\\"webhook\\""',
      },
    ]);
  });

  test('validating: every write of the governed; policies of anybody', () => {
    expect(validatingConfiguration(input)).toEqual({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'holdpoint.dev' },
      webhooks: [
        {
          ...common,
          name: 'judge.holdpoint.dev',
          clientConfig: { url: 'https://webhook:8443/validate', caBundle: 'Q0E=' },
          rules: [
            {
              apiGroups: ['*'],
              apiVersions: ['*'],
              resources: ['*/*'],
              operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
              scope: '*',
            },
          ],
          matchConditions: [
            notOurselves,
            {
              name: 'governed',
              expression: `(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["agents"])) || ${orElevated}`,
            },
          ],
          sideEffects: 'NoneOnDryRun',
        },
        {
          ...common,
          name: 'policies.holdpoint.dev',
          clientConfig: { url: 'https://webhook:8443/policies', caBundle: 'Q0E=' },
          rules: [
            {
              apiGroups: ['holdpoint.dev'],
              apiVersions: ['*'],
              resources: ['accesspolicies'],
              operations: ['CREATE', 'UPDATE'],
              scope: '*',
            },
          ],
          sideEffects: 'None',
        },
      ],
    });
  });

  test('mutating: decisions of anybody but ourselves, and updates of the governed; never DELETE, so that an uninstall does not wait for us', () => {
    expect(mutatingConfiguration(input)).toEqual({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'holdpoint.dev' },
      webhooks: [
        {
          ...common,
          name: 'decide.holdpoint.dev',
          clientConfig: { url: 'https://webhook:8443/decide', caBundle: 'Q0E=' },
          rules: [
            {
              apiGroups: ['holdpoint.dev'],
              apiVersions: ['*'],
              resources: ['holds', 'holds/*', 'grants', 'grants/*'],
              operations: ['CREATE', 'UPDATE'],
              scope: '*',
            },
          ],
          matchConditions: [notOurselves],
          sideEffects: 'None',
          reinvocationPolicy: 'Never',
        },
        {
          ...common,
          name: 'restore.holdpoint.dev',
          clientConfig: { url: 'https://webhook:8443/restore', caBundle: 'Q0E=' },
          rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['UPDATE'], scope: '*' }],
          matchConditions: [
            notOurselves,
            {
              name: 'governed',
              expression: `(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["agents"])) || ${orElevated}`,
            },
          ],
          sideEffects: 'None',
          reinvocationPolicy: 'Never',
        },
      ],
    });
  });

  test('no subjects: registered, and asked about nobody but who is elevated', () => {
    expect(validatingConfiguration({ ...input, subjects: [] }).webhooks[0]?.matchConditions).toEqual([
      notOurselves,
      { name: 'governed', expression: orElevated },
    ]);
  });
});

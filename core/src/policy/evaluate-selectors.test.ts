import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import type { Action, ResourceRule, WriteRule } from './access-policy.ts';
import { compilePolicy, type CompiledPolicy } from './compile-policy.ts';
import { evaluateWrite, type WriteRequest } from './evaluate.ts';

const everything: ResourceRule[] = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }];

function policy(rules: WriteRule[], defaultAction: Action): CompiledPolicy {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: { subjects: [{ kind: 'Group', name: 'agents' }], defaultAction, rules },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}

const labelled = (labels: Record<string, string>): JsonObject => ({ metadata: { labels } });
const write: WriteRequest = {
  user: { username: 'bot', groups: ['agents'], extra: {} },
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'shop',
  name: 'web',
  object: {},
  oldObject: {},
  request: {},
  namespaceObject: labelled({ env: 'dev' }),
};
const cluster = { namespace: '', namespaceObject: null, resource: { group: '', version: 'v1', resource: 'nodes' } };

describe('namespaceSelector', () => {
  const rule: WriteRule = {
    name: 'r',
    action: 'Allow',
    resourceRules: everything,
    namespaceSelector: { matchLabels: { env: 'dev' } },
  };
  test.each<{ situation: string; more: Partial<WriteRequest>; want: [Action, string, string?] }>([
    { situation: 'a namespace with the label', more: {}, want: ['Allow', 'r'] },
    { situation: 'without it', more: { namespaceObject: labelled({}) }, want: ['Hold', 'default'] },
    { situation: 'what lies in no namespace', more: cluster, want: ['Hold', 'default'] },
    {
      situation: 'the Namespace itself: it lies in none, and its labels are the agent’s to write',
      more: { resource: { group: '', version: 'v1', resource: 'namespaces' }, object: labelled({ env: 'dev' }) },
      want: ['Hold', 'default'],
    },
    {
      situation: 'a namespace that nobody knows: refused, for either answer could be the wrong one',
      more: { namespaceObject: null },
      want: ['Deny', 'r', 'namespaceSelector could not be evaluated: namespace "shop" is not known'],
    },
  ])('$situation', ({ more, want }) => {
    const verdict = evaluateWrite([policy([rule], 'Hold')], { ...write, ...more });
    expect([verdict?.action, verdict?.rule, verdict?.message]).toEqual([
      ...want,
      ...(want.length === 2 ? [undefined] : []),
    ]);
  });
});

describe('objectSelector', () => {
  const safe = labelled({ safe: 'yes' });
  const rows: { situation: string; action: Action; object: JsonValue; oldObject: JsonValue; want: boolean }[] = [
    { situation: 'an Allow: labelled before and after', action: 'Allow', object: safe, oldObject: safe, want: true },
    { situation: 'an Allow: the agent just labelled it', action: 'Allow', object: safe, oldObject: {}, want: false },
    { situation: 'an Allow: created so', action: 'Allow', object: safe, oldObject: null, want: true },
    { situation: 'an Allow: a delete of one', action: 'Allow', object: null, oldObject: safe, want: true },
    { situation: 'an Allow: nothing with labels at all', action: 'Allow', object: null, oldObject: null, want: false },
    { situation: 'a Deny: the agent takes the label off', action: 'Deny', object: {}, oldObject: safe, want: true },
    { situation: 'a Deny: the agent puts it on', action: 'Deny', object: safe, oldObject: {}, want: true },
    { situation: 'a Hold: neither has it', action: 'Hold', object: {}, oldObject: {}, want: false },
  ];
  test.each(rows)('$situation: $want', ({ action, object, oldObject, want }) => {
    const rule: WriteRule = {
      name: 'r',
      action,
      resourceRules: everything,
      objectSelector: { matchLabels: { safe: 'yes' } },
    };
    const verdict = evaluateWrite([policy([rule], 'Allow')], { ...write, object, oldObject });
    expect(verdict?.rule === 'r').toBe(want);
  });
});

describe('what gives or hands on a permission', () => {
  const target = (group: string, resource: string, more: Partial<WriteRequest> = {}): Partial<WriteRequest> => ({
    operation: 'CREATE',
    resource: { group, version: 'v1', resource },
    oldObject: null,
    ...more,
  });
  const naming = (apiGroups: string[], resources: string[]): ResourceRule[] => [
    { apiGroups, resources, operations: ['*'] },
  ];
  const tokenSecret = { type: 'kubernetes.io/service-account-token' };
  const guarded: { what: string; write: Partial<WriteRequest>; named: ResourceRule[] }[] = [
    {
      what: 'a token',
      write: target('', 'serviceaccounts', { subresource: 'token' }),
      named: naming([''], ['serviceaccounts/token']),
    },
    {
      what: 'a Secret that becomes a token',
      write: target('', 'secrets', { object: tokenSecret }),
      named: naming([''], ['secrets']),
    },
    {
      what: 'a Secret that joins nodes',
      write: target('', 'secrets', { object: { type: 'bootstrap.kubernetes.io/token' } }),
      named: naming([''], ['secrets']),
    },
    {
      what: 'a role binding',
      write: target('rbac.authorization.k8s.io', 'rolebindings'),
      named: naming(['rbac.authorization.k8s.io'], ['roles', 'rolebindings']),
    },
    {
      what: 'the approval of a certificate',
      write: target('certificates.k8s.io', 'certificatesigningrequests', { subresource: 'approval' }),
      named: naming(['certificates.k8s.io'], ['certificatesigningrequests/*']),
    },
    {
      what: 'an APIService',
      write: target('apiregistration.k8s.io', 'apiservices'),
      named: naming(['apiregistration.k8s.io'], ['apiservices']),
    },
    {
      what: 'a CRD',
      write: target('apiextensions.k8s.io', 'customresourcedefinitions'),
      named: naming(['apiextensions.k8s.io'], ['customresourcedefinitions']),
    },
    {
      what: 'a tunnel to a node',
      write: target('', 'nodes', { operation: 'CONNECT', subresource: 'proxy' }),
      named: naming([''], ['nodes/proxy']),
    },
  ];
  const allow = (resourceRules: ResourceRule[]): WriteRule => ({ name: 'r', action: 'Allow', resourceRules });

  test.each(guarded)(
    '$what: a rule for everything does not mean it, one that names it does',
    ({ write: more, named }) => {
      const judged = (rules: WriteRule[], otherwise: Action) =>
        evaluateWrite([policy(rules, otherwise)], { ...write, ...more });
      expect(judged([allow(everything)], 'Allow')).toMatchObject({ action: 'Deny', rule: 'default' });
      expect(judged([allow(everything)], 'Allow')?.message).toContain('unless a rule names it');
      expect(
        judged(
          [allow(everything), allow(named)].map((each, i) => ({ ...each, name: `r${String(i)}` })),
          'Deny',
        ),
      ).toMatchObject({
        action: 'Allow',
        rule: 'r1',
      });
      expect(
        judged(
          [
            { ...allow(everything), action: 'Deny', message: 'No.' },
            { ...allow(named), name: 's' },
          ],
          'Allow',
        ),
      ).toMatchObject({
        action: 'Deny',
        rule: 'r',
        message: 'No.',
      });
    },
  );

  test.each([
    { what: 'an ordinary Secret', write: target('', 'secrets', { object: { type: 'Opaque' } }) },
    { what: 'a service account', write: target('', 'serviceaccounts') },
    { what: 'a terminal', write: target('', 'pods', { operation: 'CONNECT', subresource: 'exec' }) },
  ])('$what: a rule for everything means it', ({ write: more }) => {
    expect(evaluateWrite([policy([allow(everything)], 'Deny')], { ...write, ...more })?.action).toBe('Allow');
  });

  test('a rule that names the resource in another group does not', () => {
    const rules = [allow(naming(['*'], ['rolebindings']))];
    const judged = evaluateWrite([policy(rules, 'Allow')], {
      ...write,
      ...target('rbac.authorization.k8s.io', 'rolebindings'),
    });
    expect(judged?.action).toBe('Deny');
  });
});

test('several policies that hold: the others are told too, for a grant must cover each', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ ...policy([], name === 'c' ? 'Allow' : 'Hold'), name }));
  const verdict = evaluateWrite([a, b, c] as CompiledPolicy[], write);
  expect([verdict?.policy, verdict?.alsoHeldBy.map((each) => each.policy)]).toEqual(['a', ['b']]);
});

import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import type { AccessPolicySpec, WriteRule } from '../policy/access-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compile-policy.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { judge, ruleOf, type Ask, type AskHow, type Judgement } from './judge.ts';

const everything = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
function policy(spec: Partial<AccessPolicySpec>): CompiledPolicy {
  const metadata = { name: 'p' };
  const whole: AccessPolicySpec = { subjects: [{ kind: 'Group', name: 'agents' }], ...spec };
  const result = compilePolicy({ apiVersion: 'holdpoint.dev/v1alpha1', kind: 'AccessPolicy', metadata, spec: whole });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}
const withRule = (rule: Partial<WriteRule>, spec: Partial<AccessPolicySpec> = {}): CompiledPolicy =>
  policy({ ...spec, rules: [{ name: 'r', action: 'Hold', resourceRules: everything, ...rule }] });

const metadata = { name: 'web', namespace: 'prod', resourceVersion: '1' };
const deployment = (replicas: JsonValue): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { replicas },
});
const update: AdmissionRequest = {
  uid: 'u',
  operation: 'UPDATE',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  user: { username: 'bot', groups: ['agents'], extra: {} },
  object: deployment(5),
  oldObject: deployment(3),
  options: null,
  dryRun: false,
  raw: {},
};
const throughProxy = { ...update.user, extra: { 'holdpoint.dev/request': ['r-1'] } };
const unrecorded =
  'policy "p" has terminals recorded, and past the proxy nobody records. Use the kubeconfig that points at the proxy.';
const core = (resource: string) => ({ group: '', version: 'v1', resource });
const create = (group: string, resource: string, more: Partial<AdmissionRequest> = {}): Partial<AdmissionRequest> => ({
  operation: 'CREATE',
  resource: { group, version: 'v1', resource },
  object: { metadata: { name: 'x' } },
  oldObject: null,
  ...more,
});

/** The write that is asked about is the request again: see writeOf. */
type Asked = Omit<Ask, 'write'>;

const pass = (annotations: Record<string, string>): Exclude<Judgement, Ask> => ({ type: 'Pass', annotations });
const refuse = (message: string, rule = 'r'): Exclude<Judgement, Ask> => ({
  type: 'Refuse',
  message,
  annotations: { decision: 'deny', policy: 'p', rule },
});
const held = { decision: 'hold', policy: 'p', rule: 'default' };
const hold = {
  approvers: [],
  minApprovals: 1,
  expiresAfterSeconds: 3_600,
  useWithinSeconds: 600,
  pauseForSeconds: 300,
};
const verdict = {
  action: 'Hold',
  policy: 'p',
  rule: 'default',
  hold,
  notify: [],
  maxPending: 20,
  maxChangeBytes: 65_536,
  alsoHeldBy: [],
} as const;
const patch = [{ op: 'replace' as const, path: '/spec/replicas', oldValue: 3, value: 5 }];
const ask: Asked = {
  type: 'Ask',
  verdict,
  change: { type: 'Update', patch },
  how: { type: 'Hold', code: 429 },
  annotations: held,
};
const onlyByGrant = (refusal: string): AskHow => ({
  type: 'GrantOnly',
  refusal: `the default of policy "p" asks for an approval, and ${refusal}`,
});

describe('judge', () => {
  const denyAll = policy({ defaultAction: 'Deny' });
  const accessReview = pass({ decision: 'allow', rule: 'access-review' });
  const noChange = pass({ decision: 'allow', rule: 'no-change' });
  const rows: {
    situation: string;
    request?: Partial<AdmissionRequest>;
    policies?: CompiledPolicy[];
    want: Exclude<Judgement, Ask> | Asked;
  }[] = [
    // What always passes.
    ...['selfsubjectaccessreviews', 'subjectaccessreviews', 'localsubjectaccessreviews', 'selfsubjectrulesreviews'].map(
      (resource) => ({
        situation: `can-i (${resource}): passes under any policy`,
        request: create('authorization.k8s.io', resource),
        policies: [denyAll],
        want: accessReview,
      }),
    ),
    {
      situation: 'whoami: passes under any policy',
      request: create('authentication.k8s.io', 'selfsubjectreviews'),
      policies: [denyAll],
      want: accessReview,
    },
    {
      situation: 'a TokenReview, which tries a credential: is no access review',
      request: create('authentication.k8s.io', 'tokenreviews'),
      policies: [denyAll],
      want: refuse('refused by the default of policy "p"', 'default'),
    },
    {
      situation: 'a look-alike in a group of its own: is no access review',
      request: create('evil.example.com', 'selfsubjectaccessreviews'),
      policies: [denyAll],
      want: refuse('refused by the default of policy "p"', 'default'),
    },
    {
      situation: 'an update that changes nothing: passes under any policy',
      request: { object: deployment(3) },
      policies: [denyAll],
      want: noChange,
    },
    {
      situation: 'an update of managedFields alone: passes under any policy',
      request: {
        object: {
          ...deployment(3),
          metadata: { ...metadata, resourceVersion: '2', managedFields: [{ manager: 'kubectl-last-applied' }] },
        },
      },
      policies: [denyAll],
      want: noChange,
    },
    {
      situation: 'a number too large to be told from its neighbour: not "no change"',
      request: {
        object: deployment(JSON.parse('9007199254740993') as number),
        oldObject: deployment(JSON.parse('9007199254740992') as number),
      },
      policies: [denyAll],
      want: refuse('refused by the default of policy "p"', 'default'),
    },
    { situation: 'nobody who is governed: passes', policies: [], want: pass({ decision: 'ungoverned' }) },
    // What is refused to the governed whatever the rules say.
    ...['accesspolicies', 'holds', 'grants/status'].map((resource) => ({
      situation: `a write to ${resource}: refused, though a rule allows it`,
      request: create('holdpoint.dev', resource),
      policies: [withRule({ action: 'Allow' })],
      want: refuse(`${resource} are written by people, never by a governed subject.`),
    })),
    {
      situation: 'a DELETE of a hold: refused too',
      request: {
        operation: 'DELETE',
        resource: { group: 'holdpoint.dev', version: 'v1alpha1', resource: 'holds' },
        object: null,
      },
      policies: [withRule({ action: 'Allow' })],
      want: refuse('holds are written by people, never by a governed subject.'),
    },
    {
      situation: 'a mask token anywhere: refused, though a rule allows it',
      request: create('', 'configmaps', { object: { data: { a: ['MASK'] } } }),
      policies: [withRule({ action: 'Allow' })],
      want: refuse(
        'The request carries a masked value (holdpoint-mask:…) at data.a[], and a new object has no value that it could stand for. ' +
          'Leave it out, or have the value put there by who knows it.',
      ),
    },
    {
      situation: 'a mask token that could not be restored: refused, and where it stands',
      request: { object: { ...deployment(3), data: { b: 'MASK' } } },
      policies: [withRule({ action: 'Allow' })],
      want: refuse(
        'The request carries a masked value (holdpoint-mask:…) at data.b, which did not come from there, or whose value has ' +
          'changed since: it would overwrite the real one. Read the object again, and leave masked values where they stand, ' +
          'or leave them out.',
      ),
    },
    ...[
      {
        situation: 'the delete of a kubectl replace --force, of what is masked: refused',
        data: 'HIDDEN',
        refused: true,
      },
      { situation: 'the same of what is not masked: passes', data: 'x', refused: false },
    ].map(({ situation, data, refused }) => ({
      situation,
      request: {
        operation: 'DELETE' as const,
        object: null,
        oldObject: { ...deployment(3), data },
        user: { ...update.user, extra: { 'holdpoint.dev/command': ['kubectl replace'] } },
      },
      policies: [withRule({ action: 'Allow' })],
      want: refused
        ? refuse(
            'kubectl replace --force deletes first and creates then, and what it creates cannot have the values that are masked in ' +
              'what it deletes. Replace without --force, or delete by name what you do not need any more.',
          )
        : pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    })),
    {
      situation: "a mask token in the old object alone: is not the request's",
      request: { oldObject: { ...deployment(3), data: 'MASK' }, object: deployment(3) },
      policies: [withRule({ action: 'Allow' })],
      want: pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    },
    // The policies.
    {
      situation: 'allowed: passes, with policy and rule',
      policies: [withRule({ action: 'Allow' })],
      want: pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    },
    {
      situation: 'denied without a message: names the rule',
      policies: [withRule({ action: 'Deny' })],
      want: refuse('refused by rule "r" of policy "p"'),
    },
    {
      situation: "denied with one: the rule's words first",
      policies: [withRule({ action: 'Deny', message: 'Ask in #platform.' })],
      want: refuse('Ask in #platform. (rule "r" of policy "p")'),
    },
    {
      situation: 'a condition that cannot be evaluated: denied, saying so',
      policies: [withRule({ action: 'Allow', matchConditions: [{ name: 'c', expression: 'object.x == 1' }] })],
      want: refuse('matchCondition "c" could not be evaluated: No such key: x (rule "r" of policy "p")'),
    },
    {
      situation: 'in a session: the session is on record',
      request: { user: { ...update.user, extra: { 'holdpoint.dev/session': ['s-1', 's-2'] } } },
      policies: [withRule({ action: 'Allow' })],
      want: pass({ decision: 'allow', policy: 'p', rule: 'r', session: 's-1' }),
    },
    // Held: can a person judge it?
    { situation: 'held: asked, with the exact change', want: ask },
    { situation: 'held in a dry run: asked, the caller looks only', request: { dryRun: true }, want: ask },
    {
      situation: 'an eviction: asked, but answered 403',
      request: create('', 'pods', {
        resource: core('pods'),
        subresource: 'eviction',
        object: { metadata: { name: 'web' } },
      }),
      want: {
        ...ask,
        change: { type: 'Create', object: { metadata: { name: 'web' } } },
        how: { type: 'Hold', code: 403 },
      },
    },
    {
      situation: 'a delete by name: asked',
      request: { operation: 'DELETE', object: null },
      want: {
        ...ask,
        change: { type: 'Delete', object: { ...deployment(3), metadata: { name: 'web', namespace: 'prod' } } },
      },
    },
    {
      situation: 'exec past the proxy, where nobody records: refused, though a rule allows it',
      policies: [withRule({ action: 'Allow' })],
      request: { operation: 'CONNECT', resource: core('pods'), subresource: 'exec', object: {}, oldObject: null },
      want: refuse(unrecorded),
    },
    {
      situation: 'attach past the proxy, where nobody records: refused, though a person could be asked',
      policies: [withRule({ action: 'Hold' })],
      request: { operation: 'CONNECT', resource: core('pods'), subresource: 'attach', object: {}, oldObject: null },
      want: refuse(unrecorded),
    },
    {
      situation: 'exec past the proxy, where recording is only wished for: the rule decides',
      policies: [withRule({ action: 'Allow' }, { exec: { record: 'BestEffort' } })],
      request: { operation: 'CONNECT', resource: core('pods'), subresource: 'exec', object: {}, oldObject: null },
      want: pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    },
    {
      situation: 'a port-forward past the proxy, which nobody records anyway: the rule decides',
      policies: [withRule({ action: 'Allow' })],
      request: {
        operation: 'CONNECT',
        resource: core('pods'),
        subresource: 'portforward',
        object: {},
        oldObject: null,
      },
      want: pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    },
    {
      situation: 'exec: asked, with its options',
      request: {
        operation: 'CONNECT',
        resource: core('pods'),
        subresource: 'exec',
        user: throughProxy,
        object: { command: ['sh'] },
        oldObject: null,
      },
      want: { ...ask, change: { type: 'Connect', options: { command: ['sh'] } } },
    },
    {
      situation: 'an item of a deletecollection: by a grant or not at all, with the way round',
      request: { operation: 'DELETE', object: null, name: '' },
      want: {
        ...ask,
        change: { type: 'Delete', object: { ...deployment(3), metadata: { name: 'web', namespace: 'prod' } } },
        how: onlyByGrant(
          'a delete of a whole collection has no single change to approve. Delete the objects by name, or ask for a Grant.',
        ),
      },
    },
    {
      situation: 'an item of a deletecollection that a rule names: that rule, as in a delete by name',
      request: { operation: 'DELETE', object: null, name: '' },
      policies: [
        policy({
          rules: [
            { name: 'named', action: 'Deny', resourceRules: [{ ...everything[0], resourceNames: ['web'] }] },
            { name: 'rest', action: 'Allow', resourceRules: everything },
          ],
        }),
      ],
      want: refuse('refused by rule "named" of policy "p"', 'named'),
    },
    {
      situation: 'a dry run of a token request, which the API server answers with a live token: refused',
      request: create('', 'serviceaccounts', { subresource: 'token', dryRun: true }),
      policies: [
        policy({
          rules: [
            {
              name: 'tokens',
              action: 'Hold',
              resourceRules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] }],
            },
          ],
        }),
      ],
      want: refuse(
        'rule "tokens" of policy "p" asks for an approval, and a dry run of a token request hands out a live token. Ask without dry run.',
        'tokens',
      ),
    },
    {
      situation: 'a number too large to be shown exactly: by a grant or not at all',
      request: { object: deployment(2 ** 53) },
      want: {
        ...ask,
        change: { type: 'Update', patch: [{ ...patch[0], value: 2 ** 53 }] as never },
        how: onlyByGrant(
          'a number here is larger than can be shown exactly (9007199254740991). Such a change is made by people.',
        ),
      },
    },
    {
      situation: 'a change of exactly the limit: asked',
      request: create('', 'configmaps', { object: 'x'.repeat(1_024 - '{"object":"","type":"Create"}'.length) }),
      policies: [policy({ maxChangeBytes: 1_024 })],
      want: {
        ...ask,
        verdict: { ...verdict, maxChangeBytes: 1_024 },
        change: { type: 'Create', object: 'x'.repeat(995) },
      },
    },
    {
      situation: 'one byte more: by a grant or not at all',
      request: create('', 'configmaps', { object: 'x'.repeat(996) }),
      policies: [policy({ maxChangeBytes: 1_024 })],
      want: {
        ...ask,
        verdict: { ...verdict, maxChangeBytes: 1_024 },
        change: { type: 'Create', object: 'x'.repeat(996) },
        how: onlyByGrant(
          'this change (1025 bytes) is larger than a person can judge (1024). Make it in smaller steps, or ask for a Grant.',
        ),
      },
    },
    ...[
      { situation: 'letters of two bytes', object: 'é'.repeat(500) },
      { situation: 'letters of three', object: '漢'.repeat(333) + 'x' },
      { situation: 'letters of four', object: '😀'.repeat(250) },
    ].map(({ situation, object }) => ({
      situation: `${situation}: bytes are counted, not letters`,
      request: create('', 'configmaps', { object }),
      policies: [policy({ maxChangeBytes: 1_000 })],
      want: {
        ...ask,
        verdict: { ...verdict, maxChangeBytes: 1_000 },
        change: { type: 'Create' as const, object },
        how: onlyByGrant(
          'this change (1029 bytes) is larger than a person can judge (1000). Make it in smaller steps, or ask for a Grant.',
        ),
      },
    })),
    {
      situation: 'too large, but allowed: passes',
      request: create('', 'configmaps', { object: 'x'.repeat(100_000) }),
      policies: [withRule({ action: 'Allow' })],
      want: pass({ decision: 'allow', policy: 'p', rule: 'r' }),
    },
  ];
  test.each(rows)('$situation', ({ request, policies, want }) => {
    const containsMask = (text: string): boolean => text.includes('MASK');
    const whole = { ...update, ...request };
    const showsMasks = ({ oldObject }: AdmissionRequest): boolean => JSON.stringify(oldObject).includes('HIDDEN');
    const judged = { request: whole, policies: policies ?? [policy({})], namespaceObject: null };
    const got = judge({ ...judged, containsMask, showsMasks });
    if (got.type === 'Ask') {
      const { write, ...asked } = got;
      expect(asked).toEqual(want);
      expect(write).toMatchObject({ user: whole.user, operation: whole.operation, object: whole.object });
    } else {
      expect(got).toEqual(want);
    }
  });
});

describe('ruleOf', () => {
  test.each([
    { situation: 'a rule', verdict: { policy: 'p', rule: 'r' }, want: 'rule "r" of policy "p"' },
    { situation: 'the default', verdict: { policy: 'p', rule: 'default' }, want: 'the default of policy "p"' },
  ])('$situation', ({ verdict: given, want }) => {
    expect(ruleOf(given)).toBe(want);
  });
});

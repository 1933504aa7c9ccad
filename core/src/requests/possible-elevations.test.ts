import { describe, expect, test } from '@jest/globals';
import type { AccessPolicy, AccessPolicySpec, WriteRule } from '../policy/access-policy.ts';
import { possibleElevations } from './possible-elevations.ts';
import { requestInfoOf, type RequestInfo } from './request-info.ts';

const user = { username: 'bot', groups: ['agents'], extra: {} };
const everything = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
const rule = (name: string, more: Partial<WriteRule> = {}): WriteRule => ({
  name,
  action: 'Hold',
  resourceRules: everything,
  ...more,
});
const lends = (name: string, ...groups: string[]): Pick<WriteRule, 'elevate'> => ({
  elevate: { groups: groups.length === 0 ? [`holdpoint:${name}`] : groups },
});
const enforced = {
  type: 'Enforced',
  status: 'True',
  reason: 'Registered',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 3,
} as const;

function policy(rules: WriteRule[], more: Partial<AccessPolicySpec> = {}, status: object = enforced): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p', generation: 3 },
    spec: { subjects: [{ kind: 'Group', name: 'agents' }], rules, ...more },
    status: { conditions: [{ ...enforced, ...status }] },
  };
}

const deployer = policy([rule('r', lends('deployer'))]);
const of = (method: string, url: string, policies: AccessPolicy[] = [deployer]) =>
  possibleElevations(policies, user, requestInfoOf(method, url) as RequestInfo, new Set(['metrics.example']));
const web = '/apis/apps/v1/namespaces/prod/deployments/web';
const pods = '/api/v1/namespaces/prod/pods';

describe('which requests a rule for everything elevates', () => {
  test.each([
    { situation: 'a create', method: 'POST', url: pods },
    { situation: 'a replace', method: 'PUT', url: web },
    { situation: 'a patch', method: 'PATCH', url: web },
    { situation: 'of a subresource', method: 'PATCH', url: `${web}/scale` },
    { situation: 'a delete by name', method: 'DELETE', url: web },
    { situation: 'an eviction', method: 'POST', url: `${pods}/a/eviction` },
    { situation: 'exec over WebSocket', method: 'GET', url: `${pods}/a/exec?command=sh` },
    { situation: 'exec over SPDY', method: 'POST', url: `${pods}/a/exec?command=sh` },
    { situation: 'a port-forward', method: 'GET', url: `${pods}/a/portforward` },
    { situation: 'of what lies in no namespace', method: 'DELETE', url: '/api/v1/namespaces/prod' },
  ])('$situation: is', ({ method, url }) => {
    expect(of(method, url)).toEqual([['holdpoint:deployer']]);
  });

  test.each([
    { situation: 'a get', method: 'GET', url: web },
    { situation: 'a list', method: 'GET', url: pods },
    { situation: 'a watch', method: 'GET', url: `${pods}?watch=1` },
    { situation: 'a watch by its old path', method: 'GET', url: '/api/v1/watch/namespaces/prod/secrets' },
    { situation: 'a HEAD', method: 'HEAD', url: web },
    { situation: 'logs', method: 'GET', url: `${pods}/a/log` },
    { situation: 'a read of a scale', method: 'GET', url: `${web}/scale` },
    { situation: 'a whole collection', method: 'DELETE', url: pods },
    { situation: 'a tunnel', method: 'POST', url: `${pods}/a/proxy/x` },
    { situation: 'a tunnel to a node', method: 'POST', url: '/api/v1/nodes/n/proxy/run' },
    { situation: 'a token request', method: 'POST', url: '/api/v1/namespaces/prod/serviceaccounts/a/token' },
    { situation: 'a role', method: 'POST', url: '/apis/rbac.authorization.k8s.io/v1/clusterroles' },
    { situation: 'a certificate', method: 'PUT', url: '/apis/certificates.k8s.io/v1/certificatesigningrequests/a' },
    { situation: 'admission', method: 'DELETE', url: '/apis/admissionregistration.k8s.io/v1/x/holdpoint.dev' },
    { situation: 'a CRD', method: 'POST', url: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions' },
    { situation: 'can-i', method: 'POST', url: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews' },
    { situation: 'a token review', method: 'POST', url: '/apis/authentication.k8s.io/v1/tokenreviews' },
    { situation: 'a hold', method: 'PATCH', url: '/apis/holdpoint.dev/v1alpha1/holds/h-1' },
    { situation: 'what another server answers for', method: 'POST', url: '/apis/metrics.example/v1/things' },
    { situation: 'no resource at all', method: 'POST', url: '/healthz' },
    { situation: 'a method without a verb', method: 'OPTIONS', url: pods },
  ])('$situation: never', ({ method, url }) => {
    expect(of(method, url)).toEqual([]);
  });
});

describe('which rules', () => {
  const conditions = { matchConditions: [{ name: 'c', expression: 'true' }] };
  const rows: { situation: string; policies: AccessPolicy[]; want: string[][]; method?: string; url?: string }[] = [
    { situation: 'none that elevates', policies: [policy([rule('r')])], want: [] },
    {
      situation: 'behind one that decides for certain: not',
      policies: [policy([rule('first'), rule('r', lends('deployer'))])],
      want: [],
    },
    {
      situation: 'behind one whose condition may fail: perhaps',
      policies: [policy([rule('first', conditions), rule('r', lends('deployer'))])],
      want: [['holdpoint:deployer']],
    },
    {
      situation: 'behind one that selects by labels: perhaps',
      policies: [policy([rule('first', { objectSelector: {} }), rule('r', lends('deployer'))])],
      want: [['holdpoint:deployer']],
    },
    {
      situation: 'behind one for creates, which a patch may turn out to be: perhaps',
      policies: [
        policy([
          rule('first', { resourceRules: [{ ...everything[0], operations: ['CREATE'] }] }),
          rule('r', lends('deployer')),
        ]),
      ],
      want: [['holdpoint:deployer']],
    },
    {
      situation: 'behind one that denies for certain: not',
      policies: [policy([rule('first', { action: 'Deny' }), rule('r', lends('deployer'))])],
      want: [],
    },
    {
      situation: 'several that may decide: each, in their order, and the same one once',
      policies: [
        policy([
          rule('a', { ...conditions, ...lends('scaler', 'holdpoint:y', 'holdpoint:x') }),
          rule('b', { ...conditions, ...lends('deployer') }),
          rule('c', { ...conditions, ...lends('scaler', 'holdpoint:x', 'holdpoint:y', 'holdpoint:x') }),
        ]),
      ],
      want: [['holdpoint:x', 'holdpoint:y'], ['holdpoint:deployer']],
    },
    {
      situation: 'more than four: the first four',
      policies: [
        policy([1, 2, 3, 4, 5].map((i) => rule(`r${String(i)}`, { ...conditions, ...lends(`g${String(i)}`) }))),
      ],
      want: [['holdpoint:g1'], ['holdpoint:g2'], ['holdpoint:g3'], ['holdpoint:g4']],
    },
    {
      situation: 'for another namespace: not',
      policies: [policy([rule('r', { namespaces: ['dev'], ...lends('deployer') })])],
      want: [],
    },
    {
      situation: 'for another name: not',
      policies: [
        policy([rule('r', { resourceRules: [{ ...everything[0], resourceNames: ['api'] }], ...lends('deployer') })]),
      ],
      want: [],
    },
    {
      situation: 'for a name, of a create, which has it in its body: perhaps',
      policies: [
        policy([rule('r', { resourceRules: [{ ...everything[0], resourceNames: ['api'] }], ...lends('deployer') })]),
      ],
      method: 'POST',
      url: pods,
      want: [['holdpoint:deployer']],
    },
    {
      situation: 'of a policy that is not enforced: not',
      policies: [policy([rule('r', lends('deployer'))], {}, { status: 'False' })],
      want: [],
    },
    {
      situation: 'of a policy that is newer than what is enforced: not',
      policies: [policy([rule('r', lends('deployer'))], {}, { observedGeneration: 2 })],
      want: [],
    },
    {
      situation: 'of a policy that nobody has looked at: not',
      policies: [{ ...deployer, status: {} }],
      want: [],
    },
    {
      situation: 'of a policy for somebody else: not',
      policies: [policy([rule('r', lends('deployer'))], { subjects: [{ kind: 'Group', name: 'others' }] })],
      want: [],
    },
    {
      situation: 'to a group that is no elevation group, stored while nobody checked it: not',
      policies: [policy([rule('r', lends('r', 'holdpoint:deployer', 'system:masters'))])],
      want: [],
    },
  ];
  test.each(rows)('$situation', ({ policies, want, method = 'PATCH', url = web }) => {
    expect(of(method, url, policies)).toEqual(want);
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  excessPermissions,
  missingPermissions,
  proxyPermissions,
  webhookPermissions,
  type PermissionRule,
} from './own-permissions.ts';

const everywhere = webhookPermissions.everywhere;
const ofEverybody: PermissionRule[] = [
  { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectrulesreviews'] },
  { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/healthz', '/openid/v1/jwks/'] },
];
const excess = (rules: PermissionRule[], namespace = 'default'): string[] =>
  excessPermissions([{ namespace, rules: [...everywhere, ...ofEverybody, ...rules] }], webhookPermissions);

describe('excessPermissions', () => {
  test('what the table says, in each namespace: nothing', () => {
    const owned = ['default', 'holdpoint-system'].map((namespace) => ({
      namespace,
      rules: [...everywhere, ...ofEverybody, ...(webhookPermissions.inNamespace[namespace] ?? [])],
    }));
    expect(excessPermissions(owned, webhookPermissions)).toEqual([]);
  });

  const rows: { situation: string; rule: PermissionRule; want: string[] }[] = [
    {
      situation: 'another resource',
      rule: { verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets'] },
      want: ['get secrets in default', 'list secrets in default'],
    },
    {
      situation: 'another verb on a resource that it has',
      rule: { verbs: ['get', 'patch'], apiGroups: ['holdpoint.dev'], resources: ['holds'] },
      want: ['patch holds.holdpoint.dev in default'],
    },
    {
      situation: 'everything',
      rule: { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      want: ['* *.* in default'],
    },
    {
      situation: 'every name where it needs one',
      rule: {
        verbs: ['update'],
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations'],
      },
      want: ['update mutatingwebhookconfigurations.admissionregistration.k8s.io in default'],
    },
    {
      situation: 'another name beside its own',
      rule: {
        verbs: ['update'],
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations'],
        resourceNames: ['holdpoint.dev', 'other'],
      },
      want: ['update mutatingwebhookconfigurations.admissionregistration.k8s.io named holdpoint.dev, other in default'],
    },
    {
      situation: 'one name where it may all: nothing',
      rule: { verbs: ['get'], apiGroups: ['holdpoint.dev'], resources: ['holds'], resourceNames: ['h-1'] },
      want: [],
    },
    {
      situation: 'the same resource of another group',
      rule: { verbs: ['get'], apiGroups: ['example.com'], resources: ['holds'] },
      want: ['get holds.example.com in default'],
    },
    {
      situation: 'a subresource',
      rule: { verbs: ['update'], apiGroups: ['holdpoint.dev'], resources: ['holds/status'] },
      want: ['update holds/status.holdpoint.dev in default'],
    },
    {
      situation: 'what it needs in another namespace',
      rule: { verbs: ['create'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
      want: ['create leases.coordination.k8s.io in default'],
    },
    {
      situation: 'impersonation',
      rule: { verbs: ['impersonate'], apiGroups: [''], resources: ['users'] },
      want: ['impersonate users in default'],
    },
    {
      situation: 'a path that is not for everybody',
      rule: { verbs: ['get'], nonResourceURLs: ['/metrics', '/healthz'] },
      want: ['get /metrics in default'],
    },
    {
      situation: 'every path',
      rule: { verbs: ['*'], nonResourceURLs: ['*'] },
      want: ['* * in default'],
    },
  ];
  test.each(rows)('$situation', ({ rule, want }) => {
    expect(excess([rule])).toEqual(want);
  });

  test('the same in two namespaces: one line', () => {
    const rules: PermissionRule[] = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
    const owned = ['default', 'holdpoint-system'].map((namespace) => ({ namespace, rules }));
    expect(excessPermissions(owned, webhookPermissions)).toEqual(['get pods in default and holdpoint-system']);
  });
});

describe('missingPermissions', () => {
  const table = proxyPermissions(['agents']);
  const all = [...table.everywhere, ...(table.inNamespace.agents ?? [])];
  const missing = (rules: readonly PermissionRule[], namespace = 'agents'): string[] =>
    missingPermissions([{ namespace, rules }], table);

  test('all of the table: nothing; nor where everything is allowed', () => {
    expect(missing(all)).toEqual([]);
    expect(missing([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])).toEqual([]);
  });

  test('the impersonation of service accounts in another namespace: is none', () => {
    expect(missing(table.everywhere)).toEqual(['impersonate serviceaccounts in agents']);
    expect(missing(table.everywhere, 'default')).toEqual([]);
  });

  test('a verb and an extra: each by name', () => {
    const rules = all.map((rule) => ({
      ...rule,
      verbs: rule.verbs.filter((verb) => verb !== 'watch'),
      resources: (rule.resources ?? []).filter((resource) => !resource.endsWith('/on-behalf-of')),
    }));
    expect(missing(rules)).toEqual([
      'impersonate userextras/holdpoint.dev/on-behalf-of.authentication.k8s.io in agents',
      'watch accesspolicies.holdpoint.dev in agents',
      'watch apiservices.apiregistration.k8s.io in agents',
      'watch grants.holdpoint.dev in agents',
      'watch holds.holdpoint.dev in agents',
    ]);
  });

  test('one name where all are needed: not enough', () => {
    const rules = all.map((rule) => (rule.resources?.[0] === 'users' ? { ...rule, resourceNames: ['carol'] } : rule));
    expect(missing(rules)).toEqual(['impersonate groups in agents', 'impersonate users in agents']);
  });
});

test('without service accounts the proxy needs neither tokenreviews nor their impersonation', () => {
  const rules = JSON.stringify(proxyPermissions([]));
  expect(rules).not.toContain('tokenreviews');
  expect(rules).not.toContain('serviceaccounts');
});

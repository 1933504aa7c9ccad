import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { proxyPermissions, webhookPermissions, type PermissionRule } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';

interface RbacObject {
  kind: string;
  metadata: { name: string; namespace: string };
  rules: PermissionRule[];
  roleRef?: { name: string };
}

function documentsIn(...path: string[]): RbacObject[] {
  return readFileSync(inRepository('deploy', 'rbac', ...path), 'utf8')
    .split(/^---$/m)
    .map((text) => parseYaml(text) as RbacObject);
}

test('the table of own permissions is deploy/rbac/webhook.yaml, rule by rule', () => {
  const documents = documentsIn('webhook.yaml');
  const roles = documents.filter(({ kind }) => kind === 'Role');
  expect(webhookPermissions).toEqual({
    everywhere: documents.filter(({ kind }) => kind === 'ClusterRole').flatMap(({ rules }) => rules),
    inNamespace: Object.fromEntries(roles.map(({ metadata, rules }) => [metadata.namespace, rules])),
  });
});

test('the table of the proxy’s permissions is deploy/rbac/proxy.yaml, rule by rule, bound as it should be', () => {
  const documents = documentsIn('proxy.yaml');
  expect(documents.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']);
  expect(proxyPermissions([])).toEqual({ everywhere: documents.flatMap(({ rules = [] }) => rules), inNamespace: {} });
});

test('for service accounts it is that and deploy/rbac/service-account-tokens, of which only reviews are bound everywhere', () => {
  const documents = documentsIn('service-account-tokens', 'proxy.yaml');
  const rulesOf = (name: string) =>
    documents.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)?.rules ?? [];
  expect(proxyPermissions(['agents', 'ci'])).toEqual({
    everywhere: [...proxyPermissions([]).everywhere, ...rulesOf('holdpoint-proxy-token-reviews')],
    inNamespace: {
      agents: rulesOf('holdpoint-proxy-service-accounts'),
      ci: rulesOf('holdpoint-proxy-service-accounts'),
    },
  });
  const bindings = documents.filter(({ kind }) => kind === 'ClusterRoleBinding');
  expect(bindings.map(({ roleRef }) => roleRef?.name)).toEqual(['holdpoint-proxy-token-reviews']);
});

test('every service has an account of its own in deploy/rbac, and the audit sink’s can do just this', () => {
  const names = readdirSync(inRepository('deploy', 'rbac')).sort();
  expect(names).toEqual([
    '00-namespace.yaml',
    'agent.yaml',
    'approver.yaml',
    'auditor.yaml',
    'auditsink.yaml',
    'proxy.yaml',
    'service-account-tokens',
    'webhook.yaml',
  ]);
  const documents = documentsIn('auditsink.yaml');
  expect(documents.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']);
  expect(documents.flatMap(({ rules = [] }) => rules)).toEqual([
    { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    { apiGroups: ['holdpoint.dev'], resources: ['accesspolicies'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ]);
});

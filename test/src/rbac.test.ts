import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { webhookPermissions, type PermissionRule } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { parseYaml } from '@holdpoint/platform';

interface RbacObject {
  kind: string;
  metadata: { name: string; namespace: string };
  rules: PermissionRule[];
}

test('the table of own permissions is deploy/rbac/webhook.yaml, rule by rule', () => {
  const documents = readFileSync(inRepository('deploy', 'rbac', 'webhook.yaml'), 'utf8')
    .split(/^---$/m)
    .map((text) => parseYaml(text) as RbacObject);
  const roles = documents.filter(({ kind }) => kind === 'Role');
  expect(webhookPermissions).toEqual({
    everywhere: documents.filter(({ kind }) => kind === 'ClusterRole').flatMap(({ rules }) => rules),
    inNamespace: Object.fromEntries(roles.map(({ metadata, rules }) => [metadata.namespace, rules])),
  });
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
    'webhook.yaml',
  ]);
  const documents = readFileSync(inRepository('deploy', 'rbac', 'auditsink.yaml'), 'utf8')
    .split(/^---$/m)
    .map((text) => parseYaml(text) as RbacObject);
  expect(documents.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']);
  expect(documents.flatMap(({ rules = [] }) => rules)).toEqual([
    { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    { apiGroups: ['holdpoint.dev'], resources: ['accesspolicies'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ]);
});

import { readFileSync } from 'node:fs';
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

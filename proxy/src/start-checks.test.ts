import { describe, expect, test } from '@jest/globals';
import { parseAuthenticationConfiguration, proxyPermissions, type PermissionRule } from '@holdpoint/core';
import { assertExactPermissions, assertSomebodyKnown, permissionNamespaces } from './start-checks.ts';

const username = 'system:serviceaccount:holdpoint-system:holdpoint-proxy';
const table = proxyPermissions(['agents']);
const owned = (more: readonly PermissionRule[] = [], less = '') =>
  permissionNamespaces(['agents']).map((namespace) => ({
    namespace,
    incomplete: false,
    rules: [...table.everywhere, ...(table.inNamespace[namespace] ?? []), ...more].filter(
      ({ resources = [] }) => !resources.includes(less),
    ),
  }));

describe('assertExactPermissions', () => {
  test('what it needs: passes', () => {
    expect(() => assertExactPermissions(username, owned(), table)).not.toThrow();
  });

  test('more and less: refused, naming each', () => {
    const secrets = [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }];
    expect(() => assertExactPermissions(username, owned(secrets, 'tokenreviews'), table)).toThrow(
      `${username} may not do exactly what the proxy needs, so it does not serve with this account. ` +
        'Too much: get secrets in default and kube-system and holdpoint-system and agents. ' +
        'Missing: create tokenreviews.authentication.k8s.io in default and kube-system and holdpoint-system and agents. ' +
        'Bind it to what deploy/rbac/proxy.yaml has alone (and, for service accounts, deploy/rbac/service-account-tokens). ' +
        'To find its bindings: kubectl get clusterrolebindings,rolebindings -A -o wide | grep holdpoint-proxy',
    );
  });

  test('where the API server does not list all: what is not there may still be', () => {
    const some = owned([], 'tokenreviews').map((each) => ({ ...each, incomplete: true }));
    expect(() => assertExactPermissions(username, some, table)).not.toThrow();
  });

  test('the impersonation of service accounts where none are served: too much', () => {
    const everywhere = [{ verbs: ['impersonate'], apiGroups: [''], resources: ['serviceaccounts'] }];
    expect(() => assertExactPermissions(username, owned(everywhere), table)).toThrow(
      'Too much: impersonate serviceaccounts in default and kube-system and holdpoint-system.',
    );
  });
});

test('nobody could be known: refused', () => {
  const none = parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [],
  });
  expect(() => assertSomebodyKnown(none, [])).toThrow('nobody could be known');
  expect(() => assertSomebodyKnown(none, ['agents'])).not.toThrow();
});

import { describe, expect, test } from '@jest/globals';
import { webhookPermissions, type AccessPolicy } from '@holdpoint/core';
import { assertNotOverPermitted, assertReadable } from './start-checks.ts';

const username = 'system:serviceaccount:holdpoint-system:holdpoint-webhook';

describe('assertNotOverPermitted', () => {
  test('what it needs: passes', () => {
    expect(() =>
      assertNotOverPermitted(username, [{ namespace: 'default', rules: webhookPermissions.everywhere }]),
    ).not.toThrow();
  });

  test('more: refused, with what it is and how to mend it', () => {
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }];
    expect(() => assertNotOverPermitted(username, [{ namespace: 'default', rules }])).toThrow(
      `${username} may do more than the webhook needs, so it does not serve with this account: ` +
        'get secrets in default. Remove the role bindings that give it this, and bind it to what ' +
        'deploy/rbac/webhook.yaml has alone. ' +
        'To find them: kubectl get clusterrolebindings,rolebindings -A -o wide | grep holdpoint-webhook',
    );
  });
});

test('assertReadable: every policy, path and reason', () => {
  const policy = (name: string, pauseFor: string): AccessPolicy => ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [], hold: { pauseFor } },
  });
  expect(() => assertReadable([policy('a', '1m')])).not.toThrow();
  expect(() => assertReadable([policy('a', '1m'), policy('b', 'soon'), policy('c', 'late')])).toThrow(
    'policy b: spec.hold.pauseFor: "soon" is not a duration such as 90s, 10m or 1h30m; ' +
      'policy c: spec.hold.pauseFor: "late" is not a duration such as 90s, 10m or 1h30m',
  );
});

import {
  compilePolicy,
  excessPermissions,
  hasOwnCredential,
  HoldpointError,
  webhookPermissions,
  type AccessPolicy,
  type OwnRules,
  type UserInfo,
} from '@holdpoint/core';

/** The namespaces in which the webhook's account has permissions of its own. */
export const permissionNamespaces = Object.keys(webhookPermissions.inNamespace);

/**
 * Our own account is exempt from our own judgement, so whoever gets hold of it must get hold of nothing else.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID listing what the account may do beyond what it needs
 */
export function assertNotOverPermitted(username: string, owned: readonly OwnRules[]): void {
  const excess = excessPermissions(owned, webhookPermissions);
  if (excess.length === 0) return;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    `${username} may do more than the webhook needs, so it does not serve with this account: ${excess.join('; ')}. ` +
      'Remove the role bindings that give it this, and bind it to what deploy/rbac/webhook.yaml has alone. ' +
      `To find them: kubectl get clusterrolebindings,rolebindings -A -o wide | grep ${accountOf(username)}`,
  );
}

/**
 * What we write ourselves is not asked about, if it comes with a credential of ours: without the extra that shows it, we would
 * ask ourselves, and refuse.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the extra and what to do
 */
export function assertOwnCredential(user: UserInfo, credentialExtra: string): void {
  if (hasOwnCredential(user, credentialExtra)) return;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    `the API server gives ${user.username} no extra "${credentialExtra}" (it has: ${Object.keys(user.extra).join(', ') || 'none'}). ` +
      'Name one that its authenticator writes with --credential-extra, or tell impersonation apart from nothing with an empty one.',
  );
}

/** @throws HoldpointError ERR_CONFIG_INVALID naming each policy, path and reason */
export function assertReadable(policies: readonly AccessPolicy[]): void {
  const problems = policies.flatMap((policy) => {
    const result = compilePolicy(policy);
    return 'problems' in result
      ? result.problems.map(({ path, message }) => `policy ${policy.metadata.name ?? ''}: ${path}: ${message}`)
      : [];
  });
  if (problems.length > 0) throw new HoldpointError('ERR_CONFIG_INVALID', problems.join('; '));
}

function accountOf(username: string): string {
  return username.split(':').at(-1) ?? username;
}

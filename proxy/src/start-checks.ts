import {
  excessPermissions,
  HoldpointError,
  missingPermissions,
  type JwtAuthenticator,
  type OwnRules,
  type PermissionTable,
} from '@holdpoint/core';

/**
 * Where our account's permissions are looked at: those of single namespaces too, as far as it matters most. An account that
 * may not list namespaces cannot look into all.
 *
 * @param serviceAccountNamespaces whose service accounts are served
 */
export function permissionNamespaces(serviceAccountNamespaces: readonly string[]): string[] {
  return [...new Set(['default', 'kube-system', 'holdpoint-system', ...serviceAccountNamespaces])];
}

/**
 * Impersonation fails open: a request that lost its headers would run as this account. So it must be good for nothing else;
 * and where it lacks something, that is told now and not by the first agent's request.
 *
 * @param owned what the API server says it may do; of rules that are `incomplete` nothing is taken to be missing
 * @throws HoldpointError ERR_CONFIG_INVALID naming each permission that is too much or missing
 */
export function assertExactPermissions(
  username: string,
  owned: readonly (OwnRules & { incomplete: boolean })[],
  table: PermissionTable,
): void {
  const excess = excessPermissions(owned, table);
  const missing = missingPermissions(
    owned.filter(({ incomplete }) => !incomplete),
    table,
  );
  if (excess.length === 0 && missing.length === 0) return;
  const account = username.split(':').at(-1) ?? username;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    [
      `${username} may not do exactly what the proxy needs, so it does not serve with this account.`,
      ...(excess.length === 0 ? [] : [`Too much: ${excess.join('; ')}.`]),
      ...(missing.length === 0 ? [] : [`Missing: ${missing.join('; ')}.`]),
      'Bind it to what deploy/rbac/proxy.yaml has alone (and, for service accounts, deploy/rbac/service-account-tokens). ' +
        `To find its bindings: kubectl get clusterrolebindings,rolebindings -A -o wide | grep ${account}`,
    ].join(' '),
  );
}

/** @throws HoldpointError ERR_CONFIG_INVALID when nobody at all could be served */
export function assertSomebodyKnown(
  issuers: readonly JwtAuthenticator[],
  serviceAccountNamespaces: readonly string[],
): void {
  if (issuers.length > 0 || serviceAccountNamespaces.length > 0) return;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    'nobody could be known: name an issuer in --authentication-config, or namespaces in --service-account-namespaces',
  );
}

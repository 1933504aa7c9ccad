import type { UserInfo } from './user-info.ts';

/** Namespaces whose service accounts keep the cluster running, or are our own. */
const closedNamespaces = ['kube-system', 'holdpoint-system'];
/** What the API server adds by itself to everybody it knows. */
const everybody = 'system:authenticated';

/**
 * Why nobody may be impersonated under these names, or undefined. RBAC cannot say it: who may impersonate groups may
 * impersonate `system:masters`. Of the `system:` space there are service accounts, with the groups that go with them;
 * those of the control plane and of Holdpoint itself are nobody's.
 */
export function impersonationProblem({ username, groups }: Pick<UserInfo, 'username' | 'groups'>): string | undefined {
  if (username === '') return 'a user without a name cannot be impersonated';
  const namespace = serviceAccountNamespace(username);
  if (namespace === undefined && isSystemName(username)) return `the user "${username}" is the cluster's own`;
  if (namespace !== undefined && closedNamespaces.includes(namespace)) {
    return `service accounts of ${namespace} keep the cluster or Holdpoint running`;
  }
  const accounts = namespace === undefined ? [] : serviceAccountGroups(namespace);
  const privileged = groups.find((group) => group !== everybody && isSystemName(group) && !accounts.includes(group));
  return privileged === undefined ? undefined : `the group "${privileged}" is the cluster's own`;
}

/** The namespace of the service account that a username names, or undefined. Source: apiserver serviceaccount/util.go. */
export function serviceAccountNamespace(username: string): string | undefined {
  return /^system:serviceaccount:([a-z0-9][-a-z0-9]*):[a-z0-9][-a-z0-9.]*$/.exec(username)?.[1];
}

function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

function isSystemName(name: string): boolean {
  return name.toLowerCase().startsWith('system:');
}

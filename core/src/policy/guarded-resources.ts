import { isJsonObject, type GroupVersionResource, type JsonValue } from '../kubernetes/object.ts';
import type { ResourceRule } from './access-policy.ts';

/** A write, as far as it matters here. */
export interface GuardedTarget {
  resource: GroupVersionResource;
  subresource: string;
  object: JsonValue;
}

/**
 * Writes by which a subject gets, or hands on, a permission that no approval ends: a credential, a role, a signature, a say in
 * admission itself; or reaches past the API server's own rules. A rule for everything does not mean these: only a rule that
 * names group and resource opens them, and no grant ever does.
 *
 * `*` as a resource: everything in the group. A subresource that is not told: the resource and all of them.
 */
const guarded: readonly { group: string; resource: string; subresource?: string }[] = [
  { group: '', resource: 'serviceaccounts', subresource: 'token' },
  { group: '', resource: 'nodes', subresource: 'proxy' },
  { group: '', resource: 'pods', subresource: 'proxy' },
  { group: '', resource: 'services', subresource: 'proxy' },
  { group: 'rbac.authorization.k8s.io', resource: '*' },
  { group: 'certificates.k8s.io', resource: '*' },
  { group: 'admissionregistration.k8s.io', resource: '*' },
  { group: 'apiregistration.k8s.io', resource: '*' },
  // Its conversion webhook is handed every object of the kind; and deleting one deletes all of them, in every namespace.
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
];

/**
 * Secrets that are credentials of the cluster's own: one that the controllers fill with a token that never ends, and one whose
 * token joins nodes. Source: k8s.io/api/core/v1, k8s.io/cluster-bootstrap/token/api.
 */
const tokenSecretTypes = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'];

/** True for a write that only a rule which names it may let through. */
export function isGuarded({ resource, subresource, object }: GuardedTarget): boolean {
  return (
    guarded.some(
      (each) =>
        each.group === resource.group &&
        (each.resource === '*' || each.resource === resource.resource) &&
        (each.subresource === undefined || each.subresource === subresource),
    ) || isTokenSecret(resource, object)
  );
}

/**
 * True when the rule says group and resource in so many words. (That it matches at all is asked elsewhere.) A Secret for a
 * service account's token is named by `secrets`: there is no other name for it.
 */
export function namesResource(rule: ResourceRule, { resource, subresource }: GuardedTarget): boolean {
  if (!rule.apiGroups.includes(resource.group)) return false;
  const names = subresource === '' ? [resource.resource] : [`${resource.resource}/${subresource}`];
  return rule.resources.some((pattern) => names.includes(pattern) || pattern === `${resource.resource}/*`);
}

function isTokenSecret(resource: GroupVersionResource, object: JsonValue): boolean {
  return (
    resource.group === '' &&
    resource.resource === 'secrets' &&
    isJsonObject(object) &&
    tokenSecretTypes.includes(String(object['type']))
  );
}

/** True when a rule names one of these, and so can be meant for nothing else. */
export function namesGuarded({ apiGroups, resources }: ResourceRule): boolean {
  return guarded.some(
    ({ group, resource, subresource }) =>
      apiGroups.includes(group) &&
      (resource === '*' ||
        resources.some((pattern) => {
          const [name = '', sub = ''] = pattern.split('/', 2);
          return name === resource && (subresource === undefined || sub === subresource);
        })),
  );
}

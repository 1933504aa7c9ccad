import type { GroupVersionResource } from '../kubernetes/object.ts';
import type { Operation, ResourceRule } from './access-policy.ts';

/** The parts of an admission request that a resource rule looks at. */
export interface RuleTarget {
  operation: Operation;
  resource: GroupVersionResource;
  /** Empty for the resource itself. */
  subresource: string;
  /** Empty for cluster-scoped objects. */
  namespace: string;
  /** Empty for a create with `generateName` and for the items of a deletecollection. */
  name: string;
}

/**
 * Matches as a webhook's rules do. Source: k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules. `*` leaves out
 * subresources; `*\/*` has all; `pods/*` the subresources of pods (and, as there, not pods itself); `*\/scale` every scale.
 */
export function matchesResourceRule(rule: ResourceRule, target: RuleTarget): boolean {
  return (
    matchesAny(rule.apiGroups, target.resource.group) &&
    matchesAny(rule.apiVersions ?? ['*'], target.resource.version) &&
    matchesAny(rule.operations, target.operation) &&
    rule.resources.some((pattern) => matchesResource(pattern, target.resource.resource, target.subresource)) &&
    matchesScope(rule.scope ?? '*', target.namespace) &&
    (rule.resourceNames === undefined || (target.name !== '' && rule.resourceNames.includes(target.name)))
  );
}

/** True when `pattern` (a resource pattern of a webhook's rule) names `resource` and `subresource`. */
export function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const [wantedResource = '', wantedSubresource = ''] = pattern.split('/', 2);
  return (
    (wantedResource === '*' || wantedResource === resource) &&
    (wantedSubresource === subresource || (wantedSubresource === '*' && (wantedResource === '*' || subresource !== '')))
  );
}

function matchesAny(wanted: readonly string[], got: string): boolean {
  return wanted.includes('*') || wanted.includes(got);
}

function matchesScope(scope: 'Cluster' | 'Namespaced' | '*', namespace: string): boolean {
  return scope === '*' || (scope === 'Namespaced') === (namespace !== '');
}

/** True when `namespace` is named by one of `patterns`: a name, or a prefix followed by `*`. */
export function matchesNamespace(patterns: readonly string[], namespace: string): boolean {
  if (namespace === '') return false;
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? namespace.startsWith(pattern.slice(0, -1)) : namespace === pattern,
  );
}

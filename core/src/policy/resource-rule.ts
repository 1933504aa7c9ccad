import type { GroupVersionResource } from '../kubernetes/object.ts';
import type { Operation, ResourceRule } from './access-policy.ts';

/** The parts of an admission request that a resource rule looks at. */
export interface RuleTarget {
  operation: Operation;
  resource: GroupVersionResource;
  /** Empty for the resource itself. */
  subresource: string;
  /** As admission has it: empty for cluster-scoped objects, but a Namespace stands in itself. */
  namespace: string;
  /** Empty for a create with `generateName`. */
  name: string;
}

/**
 * Matches as a webhook's rules do. Source: k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules. `*` leaves out
 * subresources; `*\/*` has all; `pods/*` has pods and (as there) its subresources; `*\/scale` every scale.
 */
export function matchesResourceRule(rule: ResourceRule, target: RuleTarget): boolean {
  return (
    matchesAny(rule.apiGroups, target.resource.group) &&
    matchesAny(rule.apiVersions ?? ['*'], target.resource.version) &&
    matchesAny(rule.operations, target.operation) &&
    rule.resources.some((pattern) => matchesResource(pattern, target.resource.resource, target.subresource)) &&
    matchesScope(rule.scope ?? '*', scopeNamespaceOf(target)) &&
    (rule.resourceNames === undefined || (target.name !== '' && rule.resourceNames.includes(target.name)))
  );
}

/** True when `pattern` (a resource pattern of a webhook's rule) names `resource` and `subresource`. */
export function matchesResource(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/');
  const wantedResource = slash < 0 ? pattern : pattern.slice(0, slash);
  const wantedSubresource = slash < 0 ? '' : pattern.slice(slash + 1);
  return (
    (wantedResource === '*' || wantedResource === resource) &&
    (wantedSubresource === '*' || wantedSubresource === subresource)
  );
}

function matchesAny(wanted: readonly string[], got: string): boolean {
  return wanted.includes('*') || wanted.includes(got);
}

function matchesScope(scope: 'Cluster' | 'Namespaced' | '*', namespace: string): boolean {
  return scope === '*' || (scope === 'Namespaced') === (namespace !== '');
}

/**
 * The namespace an object lies in. A Namespace is cluster-scoped, though admission gives its own name as its namespace: a
 * rule that lets an agent work freely in `dev` must not let it delete `dev`.
 */
export function scopeNamespaceOf({ resource, namespace }: Pick<RuleTarget, 'resource' | 'namespace'>): string {
  return resource.group === '' && resource.resource === 'namespaces' ? '' : namespace;
}

/** True when `namespace` is named by one of `patterns`, in which `*` stands for anything, also for nothing. */
export function matchesNamespace(patterns: readonly string[], namespace: string): boolean {
  return namespace !== '' && patterns.some((pattern) => matchesPattern(pattern.split('*'), namespace));
}

/** The literal parts between the stars, each found at its first place after the last: no backtracking, whatever is asked. */
function matchesPattern(parts: readonly string[], text: string): boolean {
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return from <= text.length - last.length;
}

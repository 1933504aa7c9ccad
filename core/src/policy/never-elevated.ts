import type { ResourceRule } from './access-policy.ts';
import { isGuarded, namesGuarded, type GuardedTarget } from './guarded-resources.ts';

/** Questions, whose answers are what is wanted of them, and admission is not asked about every one; and our own objects. */
const groups = ['authentication.k8s.io', 'authorization.k8s.io', 'holdpoint.dev'];

/**
 * True for what no rule elevates, whatever it says: what gives or hands on a permission would outlive the request (and RBAC asks
 * of who writes a role whether they have what they give: with the permission added, they would).
 */
export function isNeverElevated(target: GuardedTarget): boolean {
  return groups.includes(target.resource.group) || isGuarded(target);
}

/** True for a rule that names one of these, and so elevates in vain. */
export function namesNeverElevated(rule: ResourceRule): boolean {
  return rule.apiGroups.some((group) => groups.includes(group)) || namesGuarded(rule);
}

import { isElevationGroup } from '../identity/elevation-groups.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy, Operation, WriteRule } from '../policy/access-policy.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import { isNeverElevated } from '../policy/never-elevated.ts';
import { matchesNamespace, matchesResourceRule, scopeNamespaceOf, type RuleTarget } from '../policy/resource-rule.ts';
import type { RequestInfo } from './request-info.ts';

/** Groups, sorted, that one rule elevates to. */
export type Elevation = readonly string[];

/** Each costs a request when it turns out to be the wrong one; a policy that needs more of them for one write is confused. */
const maxElevations = 4;

/**
 * The permissions that some rule might add to this request, in the order of the rules; empty where none would. It is a guess from
 * the request line: which rule decides depends on the object too, and is the webhook's to say. So it errs only in that the webhook
 * refuses what was guessed wrongly.
 *
 * Never of a read, which admission would not see, nor of what gives or hands on a permission, nor of a whole collection; and only
 * by a policy that the webhook says it enforces as it stands: where nobody judges, a permission would be a gift.
 *
 * @param unseenGroups API groups whose writes reach no admission webhook
 */
export function possibleElevations(
  policies: readonly AccessPolicy[],
  user: UserInfo,
  info: RequestInfo,
  unseenGroups: ReadonlySet<string>,
): readonly Elevation[] {
  const targets = targetsOf(info);
  const [first] = targets;
  if (first === undefined || unseenGroups.has(info.apiGroup)) return [];
  if (isNeverElevated({ ...first, object: null })) return [];
  const isNamed = info.name !== '';
  const found = new Map<string, Elevation>();
  const governing = governingPolicies(policies, user).filter(isEnforced);
  for (const policy of governing.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))) {
    for (const rule of policy.spec.rules ?? []) {
      const match = guess(rule, targets, isNamed);
      if (match === 'No') continue;
      const groups = [...new Set(rule.elevate?.groups ?? [])].sort();
      if (rule.action !== 'Deny' && groups.length > 0 && groups.every(isElevationGroup)) {
        found.set(groups.join(' '), groups);
      }
      if (match === 'Surely') break;
    }
  }
  return [...found.values()].slice(0, maxElevations);
}

/** What admission will be asked about, as far as it can be told: an update of what is not there is a create. */
function targetsOf(info: RequestInfo): RuleTarget[] {
  const { apiGroup, apiVersion, resource, subresource, namespace, name } = info;
  const target = { resource: { group: apiGroup, version: apiVersion, resource }, subresource, namespace, name };
  return operationsOf(info).map((operation) => ({ ...target, operation }));
}

const connections = ['exec', 'attach', 'portforward'];

function operationsOf({ isResourceRequest, apiGroup, resource, subresource, verb }: RequestInfo): readonly Operation[] {
  if (!isResourceRequest) return [];
  if (apiGroup === '' && resource === 'pods' && connections.includes(subresource)) return ['CONNECT'];
  switch (verb) {
    case 'create':
      return ['CREATE'];
    case 'update':
    case 'patch':
      return ['UPDATE', 'CREATE'];
    case 'delete':
      return ['DELETE'];
    default:
      return [];
  }
}

/** Enforced, and nothing newer that the webhook has not looked at. */
function isEnforced({ metadata, status }: AccessPolicy): boolean {
  const enforced = status?.conditions?.find(({ type }) => type === 'Enforced');
  return enforced?.status === 'True' && enforced.observedGeneration === metadata.generation;
}

function guess(rule: WriteRule, targets: readonly RuleTarget[], isNamed: boolean): 'No' | 'Perhaps' | 'Surely' {
  const [first] = targets;
  if (first === undefined) return 'No';
  if (rule.namespaces !== undefined && !matchesNamespace(rule.namespaces, scopeNamespaceOf(first))) return 'No';
  // A create's name is in its body.
  const isAbout = (target: RuleTarget): boolean =>
    rule.resourceRules.some(({ resourceNames, ...each }) =>
      matchesResourceRule(isNamed && resourceNames !== undefined ? { ...each, resourceNames } : each, target),
    );
  if (!targets.some(isAbout)) return 'No';
  const dependsOnObject =
    rule.matchConditions !== undefined ||
    rule.objectSelector !== undefined ||
    rule.namespaceSelector !== undefined ||
    (!isNamed && rule.resourceRules.some(({ resourceNames }) => resourceNames !== undefined));
  return dependsOnObject || !targets.every(isAbout) ? 'Perhaps' : 'Surely';
}

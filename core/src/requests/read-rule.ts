import type { CelActivation } from '../cel/compile-cel.ts';
import type { ReadRule } from '../policy/access-policy.ts';
import type { CompiledReadRule } from '../policy/compile-reads.ts';
import { matchesNamespace, matchesResource } from '../policy/resource-rule.ts';
import { isStream, type RequestInfo } from './request-info.ts';

export type ReadRuleMatch = { type: 'Yes' } | { type: 'No' } | { type: 'Error'; message: string };

/**
 * Whether the rule is about this request. A collection read (a list across namespaces, or without a name) carries what
 * a Deny rule keeps back by namespace or name, so a Deny rule matches it; an Allow rule does not.
 *
 * @param activation the request as its conditions see it; made only where there are any
 */
export function matchReadRule(
  { rule, conditions }: CompiledReadRule,
  info: RequestInfo,
  activation: () => CelActivation,
): ReadRuleMatch {
  if (!matchesRequest(rule, info)) return { type: 'No' };
  // As in Kubernetes: one false settles it, whatever error another condition ran into.
  let error: ReadRuleMatch | undefined;
  for (const { name, expression } of conditions) {
    const outcome = expression(activation());
    if (outcome.type === 'False') return { type: 'No' };
    if (outcome.type === 'Error') {
      error ??= { type: 'Error', message: `matchCondition "${name}" could not be evaluated: ${outcome.message}` };
    }
  }
  return error ?? { type: 'Yes' };
}

function matchesRequest(rule: ReadRule, info: RequestInfo): boolean {
  if (!matchesVerb(rule, info)) return false;
  if (!info.isResourceRequest) return (rule.nonResourceURLs ?? []).some((url) => matchesUrl(url, info.path));
  if (rule.resources === undefined && rule.nonResourceURLs !== undefined) return false;
  return (
    includes(rule.apiGroups ?? ['*'], info.apiGroup) &&
    (rule.resources === undefined ||
      rule.resources.some((each) => matchesResource(each, info.resource, info.subresource))) &&
    matchesName(rule, info) &&
    matchesWhere(rule, info)
  );
}

/** The same terminal is a GET over WebSocket and a POST over SPDY: a rule that names one of the two means both. */
function matchesVerb({ verbs }: ReadRule, info: RequestInfo): boolean {
  return isStream(info) ? ['*', 'get', 'create'].some((verb) => verbs.includes(verb)) : includes(verbs, info.verb);
}

function matchesName(rule: ReadRule, info: RequestInfo): boolean {
  if (rule.resourceNames === undefined || rule.resourceNames.length === 0) return true;
  return info.name === '' ? rule.action === 'Deny' : rule.resourceNames.includes(info.name);
}

function matchesWhere(rule: ReadRule, info: RequestInfo): boolean {
  if (rule.namespaces === undefined) return true;
  if (info.namespace !== '') return matchesNamespace(rule.namespaces, info.namespace);
  return rule.action === 'Deny' && mayCrossNamespaces(info);
}

/** Without discovery a list at the cluster's level may be of anything; what is certainly cluster-scoped lies in no namespace. */
function mayCrossNamespaces(info: RequestInfo): boolean {
  return !clusterScoped.has(`${info.apiGroup}/${info.resource}`);
}

/** A path, or a prefix followed by `*`. */
function matchesUrl(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function includes(patterns: readonly string[], word: string): boolean {
  return patterns.includes('*') || patterns.includes(word);
}

/** `group/resource` of the built-in kinds that have no namespace, as far as an agent is likely to list them. */
const clusterScoped = new Set([
  '/componentstatuses',
  '/namespaces',
  '/nodes',
  '/persistentvolumes',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices',
  'certificates.k8s.io/certificatesigningrequests',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'holdpoint.dev/accesspolicies',
  'holdpoint.dev/grants',
  'holdpoint.dev/holds',
  'metrics.k8s.io/nodes',
  'networking.k8s.io/ingressclasses',
  'node.k8s.io/runtimeclasses',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'scheduling.k8s.io/priorityclasses',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
]);

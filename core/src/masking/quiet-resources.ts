import type { RequestInfo } from '../requests/request-info.ts';

/**
 * Kinds whose fields have no place for a credential: names, numbers, selectors, schemas, permissions. Their answers pass
 * unread, which is what keeps discovery, controllers' leases and lists of nodes as fast as without us. By group; `*` is every
 * resource of the group. What a person wrote into an annotation of one of these is not looked for.
 */
const quiet: Readonly<Record<string, readonly string[]>> = {
  '': [
    'bindings',
    'componentstatuses',
    'endpoints',
    'limitranges',
    'nodes',
    'persistentvolumeclaims',
    'resourcequotas',
    'serviceaccounts',
  ],
  'apiextensions.k8s.io': ['*'],
  'apiregistration.k8s.io': ['*'],
  'authorization.k8s.io': ['*'],
  autoscaling: ['horizontalpodautoscalers'],
  'certificates.k8s.io': ['*'],
  'coordination.k8s.io': ['*'],
  'custom.metrics.k8s.io': ['*'],
  'discovery.k8s.io': ['*'],
  'external.metrics.k8s.io': ['*'],
  'flowcontrol.apiserver.k8s.io': ['*'],
  'metrics.k8s.io': ['*'],
  'networking.k8s.io': ['networkpolicies', 'ingressclasses', 'servicecidrs', 'ipaddresses'],
  'node.k8s.io': ['*'],
  policy: ['poddisruptionbudgets'],
  'rbac.authorization.k8s.io': ['*'],
  'scheduling.k8s.io': ['*'],
  'storage.k8s.io': ['csidrivers', 'csinodes', 'csistoragecapacities'],
};

/** True when no detector has anything to look for in answers about this resource. */
export function isQuiet({ apiGroup, resource }: Pick<RequestInfo, 'apiGroup' | 'resource'>): boolean {
  const resources = Object.hasOwn(quiet, apiGroup) ? quiet[apiGroup] : undefined;
  return resources !== undefined && (resources.includes('*') || resources.includes(resource));
}

import type { KubernetesObject } from '@holdpoint/core';
import type { ObjectCache } from '@holdpoint/platform';

/** apiregistration.k8s.io/v1 APIService, as far as it matters here: `service` is there when another server answers. */
export interface ApiService extends KubernetesObject {
  spec: { group?: string; service?: object | null };
}

/** The API groups of aggregated API servers. Their writes pass the API server by without asking its webhooks. */
export function createAggregatedGroups(apiServices: ObjectCache<ApiService>): () => ReadonlySet<string> {
  let groups = groupsOf(apiServices);
  apiServices.onChange(() => (groups = groupsOf(apiServices)));
  return () => groups;
}

function groupsOf(apiServices: ObjectCache<ApiService>): ReadonlySet<string> {
  const aggregated = apiServices.list().filter(({ spec }) => spec.service !== undefined && spec.service !== null);
  return new Set(aggregated.map(({ spec }) => spec.group ?? ''));
}

import type { GroupVersionResource } from '@holdpoint/core';
import type { Caller } from './caller.ts';

/** A resource or subresource as the API server says that it serves it. */
export interface Served extends GroupVersionResource {
  /** Empty for the resource itself. */
  subresource: string;
  namespaced: boolean;
  verbs: readonly string[];
  /** What it takes and answers: `Scale` for a scale. */
  responseKind: { group: string; version: string; kind: string };
}

/** apidiscovery.k8s.io/v2 */
interface DiscoveryList {
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      resources?: {
        resource: string;
        scope: 'Namespaced' | 'Cluster';
        verbs?: string[];
        responseKind?: Kind;
        subresources?: { subresource: string; verbs?: string[]; responseKind?: Kind }[];
      }[];
    }[];
  }[];
}
interface Kind {
  group?: string;
  version?: string;
  kind?: string;
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Everything that the API server serves, in every version. */
export async function discover(caller: Caller): Promise<Served[]> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => caller.get<DiscoveryList>(path, aggregated)));
  return lists.flatMap(({ items }) =>
    items.flatMap(({ metadata: { name: group = '' }, versions }) =>
      versions.flatMap(({ version, resources = [] }) =>
        resources.flatMap(({ resource, scope, verbs, responseKind, subresources = [] }) => {
          const kindOf = (kind: Kind = {}) => ({
            group: kind.group === undefined || kind.group === '' ? group : kind.group,
            version: kind.version === undefined || kind.version === '' ? version : kind.version,
            kind: kind.kind ?? '',
          });
          const base = { group, version, resource, namespaced: scope === 'Namespaced' };
          const rows: Served[] = subresources.map((each) => ({
            ...base,
            subresource: each.subresource,
            verbs: each.verbs ?? [],
            responseKind: kindOf(each.responseKind),
          }));
          // A resource that is there for its subresources' sake alone has no verbs.
          if (verbs !== undefined && verbs.length > 0) {
            rows.unshift({ ...base, subresource: '', verbs, responseKind: kindOf(responseKind) });
          }
          return rows;
        }),
      ),
    ),
  );
}

/** True for what has objects of its own that somebody can write: no subresource, no question to the server, no binding. */
export function isWritten({ subresource, verbs }: Served): boolean {
  return subresource === '' && verbs.includes('update');
}

/** `deployments.apps/scale`; versions share it. */
export function resourceNameOf({ resource, group, subresource }: Omit<Served, 'verbs' | 'version'> | Served): string {
  return `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
}

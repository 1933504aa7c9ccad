import {
  ApiException,
  CustomObjectsApi,
  PatchStrategy,
  setHeaderOptions,
  type KubeConfig,
} from '@kubernetes/client-node';
import { isFailureStatus, type KubernetesObject, type Status } from '@holdpoint/core';

/** Names a resource of an API group: cluster-scoped, or in one namespace. */
export interface ResourceKind {
  group: string;
  version: string;
  /** As in the URL: `holds`. */
  plural: string;
  /** Only of a namespaced resource. */
  namespace?: string;
}

export interface ListOptions {
  labelSelector?: string;
  fieldSelector?: string;
  /** How many objects are asked for at a time; all are returned. @default all at once */
  limit?: number;
}

/** The API server said no. `status` is its own answer when it sent one. */
export class KubeApiError extends Error {
  readonly code: number;
  readonly status: Status | undefined;

  constructor(code: number, status: Status | undefined, cause: unknown) {
    super(status?.message ?? `the API server answered ${String(code)}`, { cause });
    this.name = 'KubeApiError';
    this.code = code;
    this.status = status;
  }
}

/** True when a write came too late: somebody else has changed the object since it was read, or it is gone. */
export function isOutdated(error: unknown): boolean {
  return error instanceof KubeApiError && (error.code === 409 || error.code === 404);
}

/** What Holdpoint asks of the API server: objects, whole, as JSON. Every method throws KubeApiError. */
export interface KubeClient {
  /** Resolves undefined when there is none. */
  get<T extends KubernetesObject>(kind: ResourceKind, name: string): Promise<T | undefined>;
  list<T extends KubernetesObject>(kind: ResourceKind, options?: ListOptions): Promise<T[]>;
  create<T extends KubernetesObject>(kind: ResourceKind, object: T): Promise<T>;
  /** Fails with 409 when `metadata.resourceVersion` is no longer the newest. */
  replace<T extends KubernetesObject>(kind: ResourceKind, object: T): Promise<T>;
  /** Replaces the status subresource. */
  replaceStatus<T extends KubernetesObject>(kind: ResourceKind, object: T): Promise<T>;
  /**
   * Deletes exactly the version that was seen: fails with 409 when `metadata.resourceVersion` is no longer the newest. Resolves
   * where there is nothing left to delete.
   */
  delete(kind: ResourceKind, object: KubernetesObject): Promise<void>;
  /** RFC 7386. */
  mergePatch<T extends KubernetesObject>(kind: ResourceKind, name: string, patch: object): Promise<T>;
}

/** A client for `config`. Holds no state but its connections. */
export function createKubeClient(config: KubeConfig): KubeClient {
  const api = config.makeApiClient(CustomObjectsApi);
  const asMergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return {
    async get<T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, name: string) {
      try {
        return (await (namespace === undefined
          ? api.getClusterCustomObject({ ...kind, name })
          : api.getNamespacedCustomObject({ ...kind, namespace, name }))) as T;
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw toKubeApiError(error);
      }
    },
    async list<T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, options: ListOptions = {}) {
      return await listPages<T>(options, (page) =>
        asKubeApiError(
          namespace === undefined
            ? api.listClusterCustomObject({ ...kind, ...page })
            : api.listNamespacedCustomObject({ ...kind, namespace, ...page }),
        ),
      );
    },
    create: <T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, object: T) =>
      asKubeApiError<T>(
        namespace === undefined
          ? api.createClusterCustomObject({ ...kind, body: object })
          : api.createNamespacedCustomObject({ ...kind, namespace, body: object }),
      ),
    async delete({ namespace, ...kind }: ResourceKind, { metadata }: KubernetesObject) {
      const { name = '', uid, resourceVersion } = metadata;
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const remove = { ...kind, name, body: { preconditions } };
      try {
        await (namespace === undefined
          ? api.deleteClusterCustomObject(remove)
          : api.deleteNamespacedCustomObject({ ...remove, namespace }));
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return;
        throw toKubeApiError(error);
      }
    },
    replace: <T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, object: T) => {
      const write = { ...kind, name: object.metadata.name ?? '', body: object };
      return asKubeApiError<T>(
        namespace === undefined
          ? api.replaceClusterCustomObject(write)
          : api.replaceNamespacedCustomObject({ ...write, namespace }),
      );
    },
    replaceStatus: <T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, object: T) => {
      const write = { ...kind, name: object.metadata.name ?? '', body: object };
      return asKubeApiError<T>(
        namespace === undefined
          ? api.replaceClusterCustomObjectStatus(write)
          : api.replaceNamespacedCustomObjectStatus({ ...write, namespace }),
      );
    },
    mergePatch: <T extends KubernetesObject>({ namespace, ...kind }: ResourceKind, name: string, patch: object) => {
      const write = { ...kind, name, body: patch };
      return asKubeApiError<T>(
        namespace === undefined
          ? api.patchClusterCustomObject(write, asMergePatch)
          : api.patchNamespacedCustomObject({ ...write, namespace }, asMergePatch),
      );
    },
  };
}

/** One page of a list, as the API server answers it. */
export interface ListPage {
  items: unknown[];
  metadata?: { continue?: string };
}

/**
 * Reads a list to its end. A page that the API server has forgotten (410) is not asked for again and again: the list is
 * then read once more, in one piece.
 */
export async function listPages<T>(
  { limit, ...selectors }: ListOptions,
  ask: (page: ListOptions & { _continue?: string }) => Promise<ListPage>,
): Promise<T[]> {
  const items: unknown[] = [];
  let next: string | undefined;
  do {
    try {
      const page = await ask({
        ...selectors,
        ...(limit === undefined ? {} : { limit }),
        ...(next === undefined ? {} : { _continue: next }),
      });
      items.push(...page.items);
      next = page.metadata?.continue;
    } catch (error) {
      if (next === undefined || !(error instanceof KubeApiError) || error.code !== 410) throw error;
      return (await ask(selectors)).items as T[];
    }
  } while (next !== undefined && next !== '');
  return items as T[];
}

async function asKubeApiError<T>(answer: Promise<unknown>): Promise<T> {
  try {
    return (await answer) as T;
  } catch (error) {
    throw toKubeApiError(error);
  }
}

function toKubeApiError(error: unknown): unknown {
  if (!(error instanceof ApiException)) return error;
  const body: unknown = typeof error.body === 'string' ? parseJson(error.body) : error.body;
  return new KubeApiError(error.code, isFailureStatus(body) ? body : undefined, error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not the API server's own answer: the code alone speaks.
  }
}

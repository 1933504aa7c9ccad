import {
  ApiException,
  CustomObjectsApi,
  PatchStrategy,
  setHeaderOptions,
  type KubeConfig,
} from '@kubernetes/client-node';
import { isFailureStatus, type KubernetesObject, type Status } from '@holdpoint/core';

/** Names a cluster-scoped resource of an API group. */
export interface ResourceKind {
  group: string;
  version: string;
  /** As in the URL: `holds`. */
  plural: string;
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

/** What Holdpoint asks of the API server: cluster-scoped objects, whole, as JSON. Every method throws KubeApiError. */
export interface KubeClient {
  /** Resolves undefined when there is none. */
  get<T extends KubernetesObject>(kind: ResourceKind, name: string): Promise<T | undefined>;
  list<T extends KubernetesObject>(kind: ResourceKind): Promise<T[]>;
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
    async get<T extends KubernetesObject>(kind: ResourceKind, name: string) {
      try {
        return (await api.getClusterCustomObject({ ...kind, name })) as T;
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw toKubeApiError(error);
      }
    },
    async list<T extends KubernetesObject>(kind: ResourceKind) {
      const list = await asKubeApiError(api.listClusterCustomObject({ ...kind }));
      return (list as { items: T[] }).items;
    },
    create: <T extends KubernetesObject>(kind: ResourceKind, object: T) =>
      asKubeApiError<T>(api.createClusterCustomObject({ ...kind, body: object })),
    replace: <T extends KubernetesObject>(kind: ResourceKind, object: T) =>
      asKubeApiError<T>(api.replaceClusterCustomObject({ ...kind, name: object.metadata.name ?? '', body: object })),
    replaceStatus: <T extends KubernetesObject>(kind: ResourceKind, object: T) =>
      asKubeApiError<T>(
        api.replaceClusterCustomObjectStatus({ ...kind, name: object.metadata.name ?? '', body: object }),
      ),
    async delete(kind: ResourceKind, { metadata }: KubernetesObject) {
      const { name = '', uid, resourceVersion } = metadata;
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      try {
        await api.deleteClusterCustomObject({ ...kind, name, body: { preconditions } });
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return;
        throw toKubeApiError(error);
      }
    },
    mergePatch: <T extends KubernetesObject>(kind: ResourceKind, name: string, patch: object) =>
      asKubeApiError<T>(api.patchClusterCustomObject({ ...kind, name, body: patch }, asMergePatch)),
  };
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

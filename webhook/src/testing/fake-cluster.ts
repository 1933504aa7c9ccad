import type { KubernetesObject } from '@holdpoint/core';
import { KubeApiError, type KubeClient, type ObjectCache, type ResourceKind } from '@holdpoint/platform';

/** For tests: the part of an API server that a KubeClient shows, in memory. */
export interface FakeCluster {
  kube: KubeClient;
  /** Every write that was taken, in order: `create h-1`, `replace h-1`. */
  writes: readonly string[];
  /** A cache of what there is now; `freeze` makes it stay as it is: a watch that lags behind. */
  cache<T extends KubernetesObject>(): ObjectCache<T> & { freeze(): void };
  put(object: KubernetesObject): void;
  delete(name: string): void;
  get<T extends KubernetesObject>(name: string): T | undefined;
}

/**
 * Honours what the services rely on: a create of what exists and a replace of what is outdated answer 409, a replace of
 * what is gone 404; every answer comes later than the call, so that callers interleave. Knows objects of one kind.
 */
export function createFakeCluster(before: (call: string) => void = () => undefined): FakeCluster {
  const objects = new Map<string, KubernetesObject>();
  const writes: string[] = [];
  let version = 0;

  const stored = <T extends KubernetesObject>(object: T): T => {
    version += 1;
    const copy = structuredClone(object);
    copy.metadata.resourceVersion = String(version);
    objects.set(copy.metadata.name ?? '', copy);
    return structuredClone(copy);
  };
  const fail = (code: number): never => {
    throw new KubeApiError(code, undefined, undefined);
  };
  const replace = async <T extends KubernetesObject>(_kind: ResourceKind, object: T): Promise<T> => {
    await Promise.resolve();
    const name = object.metadata.name ?? '';
    before(`replace ${name}`);
    const current = objects.get(name) ?? fail(404);
    if (current.metadata.resourceVersion !== object.metadata.resourceVersion) fail(409);
    writes.push(`replace ${name}`);
    return stored(object);
  };

  return {
    writes,
    kube: {
      async get<T extends KubernetesObject>(_kind: ResourceKind, name: string) {
        await Promise.resolve();
        before(`get ${name}`);
        return structuredClone(objects.get(name)) as T | undefined;
      },
      async list<T extends KubernetesObject>() {
        await Promise.resolve();
        return structuredClone([...objects.values()]) as T[];
      },
      async create(_kind, object) {
        await Promise.resolve();
        const name = object.metadata.name ?? '';
        before(`create ${name}`);
        if (objects.has(name)) fail(409);
        writes.push(`create ${name}`);
        return stored(object);
      },
      replace,
      async delete(_kind, object) {
        await Promise.resolve();
        const name = object.metadata.name ?? '';
        before(`delete ${name}`);
        const current = objects.get(name);
        if (current === undefined) return;
        if (current.metadata.resourceVersion !== object.metadata.resourceVersion) fail(409);
        writes.push(`delete ${name}`);
        objects.delete(name);
      },
      replaceStatus: replace,
      mergePatch: () => fail(405),
    },
    cache<T extends KubernetesObject>() {
      let frozen: ReadonlyMap<string, KubernetesObject> | undefined;
      const view = () => frozen ?? objects;
      return {
        list: () => [...view().values()] as T[],
        get: (name: string) => view().get(name) as T | undefined,
        onChange: () => () => undefined,
        stop: () => Promise.resolve(),
        freeze: () => {
          frozen = structuredClone(objects);
        },
      };
    },
    put: (object) => void stored(object),
    delete: (name) => void objects.delete(name),
    get: <T extends KubernetesObject>(name: string) => structuredClone(objects.get(name)) as T | undefined,
  };
}

import {
  CustomObjectsApi,
  makeInformer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject as ClientObject,
} from '@kubernetes/client-node';
import type { KubernetesObject } from '@holdpoint/core';
import type { ResourceKind } from './client.ts';
import { superviseInformer } from './supervised-informer.ts';

/** A local copy of every object of one kind, kept current by a watch. */
export interface ObjectCache<T extends KubernetesObject> {
  /** What is known now; may lag behind the API server by a moment. */
  list(): readonly T[];
  get(name: string): T | undefined;
  /** Calls back with every object that is added, changed or deleted; returns the way to stop that. */
  onChange(listener: (object: T) => void): () => void;
  stop(): Promise<void>;
}

const changes = ['add', 'update', 'delete'] as const;

/**
 * Lists, then watches, for ever: a broken watch is started again, and `onError` hears of every break. Resolves only when
 * the first list is in, however often it takes to ask (an API server that has just started answers 429 for a while), so
 * that nobody serves from a copy that never was.
 *
 * @param trim takes out of each object, in place, what nobody asks the copy for: what is large must not be kept twice
 */
export async function createObjectCache<T extends KubernetesObject>(
  config: KubeConfig,
  kind: ResourceKind,
  onError: (error: unknown) => void,
  trim?: (object: T) => void,
): Promise<ObjectCache<T>> {
  const api = config.makeApiClient(CustomObjectsApi);
  // The library types timestamps as Date, which JSON never carries: its objects are ours by another name.
  const list = async (): Promise<KubernetesListObject<ClientObject>> =>
    (await api.listClusterCustomObject({ ...kind })) as KubernetesListObject<ClientObject>;
  const informer = makeInformer<ClientObject>(config, `/apis/${kind.group}/${kind.version}/${kind.plural}`, list);
  if (trim !== undefined) {
    // The first listeners: everybody else sees, and the copy keeps, what these leave.
    for (const verb of ['add', 'update'] as const) informer.on(verb, (object) => trim(object as unknown as T));
  }
  const supervised = superviseInformer(informer, onError);
  await supervised.ready;

  return {
    list: () => informer.list() as unknown as readonly T[],
    get: (name) => informer.get(name) as unknown as T | undefined,
    onChange(listener) {
      const heard = (object: ClientObject): void => listener(object as unknown as T);
      for (const verb of changes) informer.on(verb, heard);
      return () => {
        for (const verb of changes) informer.off(verb, heard);
      };
    },
    stop: supervised.stop,
  };
}

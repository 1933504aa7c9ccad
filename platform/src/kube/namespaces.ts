import { ApiException, CoreV1Api, makeInformer, type KubeConfig, type V1Namespace } from '@kubernetes/client-node';
import type { JsonObject, JsonValue } from '@holdpoint/core';
import { superviseInformer } from './supervised-informer.ts';

/** The cluster's namespaces, each as JSON and without its managedFields. */
export interface Namespaces {
  /** Resolves null when there is none of that name: asked of the API server before that is believed. */
  get(name: string): Promise<JsonValue>;
  /** Of all that are known now. */
  names(): string[];
  stop(): Promise<void>;
}

/** Lists, then watches, for ever. Resolves when the first list is in; `onError` hears of every break. */
export async function createNamespaces(config: KubeConfig, onError: (error: unknown) => void): Promise<Namespaces> {
  const api = config.makeApiClient(CoreV1Api);
  const known = new Map<string, JsonObject>();
  const remember = (namespace: V1Namespace): void => void known.set(namespace.metadata?.name ?? '', toJson(namespace));
  const informer = makeInformer<V1Namespace>(config, '/api/v1/namespaces', () => api.listNamespace());
  informer.on('add', remember);
  informer.on('update', remember);
  informer.on('delete', (namespace) => void known.delete(namespace.metadata?.name ?? ''));
  const supervised = superviseInformer(informer, onError);
  await supervised.ready;
  return {
    async get(name) {
      const namespace = known.get(name);
      if (namespace !== undefined) return namespace;
      try {
        return toJson(await api.readNamespace({ name }));
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return null;
        throw error;
      }
    },
    names: () => [...known.keys()],
    stop: supervised.stop,
  };
}

/** The client's classes hold dates, and leave kind and version to the reader. */
function toJson(namespace: V1Namespace): JsonObject {
  const copy = JSON.parse(JSON.stringify(namespace)) as JsonObject & { metadata: JsonObject };
  const { managedFields: _managedFields, ...metadata } = copy.metadata;
  return { ...copy, apiVersion: 'v1', kind: 'Namespace', metadata };
}

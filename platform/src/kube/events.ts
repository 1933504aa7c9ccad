import { ApiException, CoreV1Api, type CoreV1Event, type KubeConfig } from '@kubernetes/client-node';
import type { CoreEvent } from '@holdpoint/core';
import { KubeApiError } from './client.ts';

/** Where events go. */
export interface EventSink {
  /**
   * Resolves once there is an event of that name, whoever created it.
   *
   * @throws KubeApiError when the API server does not take it
   */
  create(event: CoreEvent): Promise<void>;
}

/** Events of the core API, each created in its own namespace. */
export function createEventSink(config: KubeConfig): EventSink {
  const api = config.makeApiClient(CoreV1Api);
  return {
    async create(event) {
      // The library keeps time as Date, and writes it as the API server wants it.
      const body: CoreV1Event = {
        ...event,
        metadata: { name: event.metadata.name, namespace: event.metadata.namespace },
        firstTimestamp: new Date(event.firstTimestamp),
        lastTimestamp: new Date(event.lastTimestamp),
      };
      try {
        await api.createNamespacedEvent({ namespace: event.metadata.namespace, body });
      } catch (error) {
        if (!(error instanceof ApiException)) throw error;
        if (error.code !== 409) throw new KubeApiError(error.code, undefined, error);
      }
    },
  };
}

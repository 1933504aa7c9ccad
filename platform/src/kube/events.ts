import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

/** What is worth telling whoever watches a cluster's events. */
export interface ClusterEvent {
  /** The object it is about; cluster-scoped ones have their events in the namespace `default`. */
  regarding: { apiVersion: string; kind: string; name: string; uid?: string };
  type: 'Normal' | 'Warning';
  /** One word, as `kubectl get events` shows it. */
  reason: string;
  message: string;
  nowMs: number;
}

/** Kubernetes cuts nothing, it refuses. Source: k8s.io/kubernetes pkg/apis/core/validation/events.go. */
const maxMessageLength = 1_024;

/** Writes core/v1 Events as `component`. Rejects when the API server refuses one: nothing may depend on an event. */
export function createEventWriter(config: KubeConfig, component: string): (event: ClusterEvent) => Promise<void> {
  const api = config.makeApiClient(CoreV1Api);
  return async ({ regarding, type, reason, message, nowMs }) => {
    const at = new Date(nowMs);
    await api.createNamespacedEvent({
      namespace: 'default',
      body: {
        metadata: { generateName: `${regarding.name}.`, namespace: 'default' },
        involvedObject: regarding,
        type,
        reason,
        message: message.slice(0, maxMessageLength),
        source: { component },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      },
    });
  };
}

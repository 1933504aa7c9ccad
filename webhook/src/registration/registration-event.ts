import { clusterEventNamespace, type CoreEvent, type KubernetesObject } from '@holdpoint/core';

/** Tells whoever watches the cluster's events that somebody had changed a registration of ours. */
export function toMendedEvent({ apiVersion, kind, metadata }: KubernetesObject, nowMs: number): CoreEvent {
  const { name = '', uid } = metadata;
  const time = new Date(nowMs).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // Two replicas that mend within one millisecond tell it once.
    metadata: { name: `${name}.mended.${nowMs.toString(36)}`, namespace: clusterEventNamespace },
    involvedObject: { apiVersion, kind, name, ...(uid === undefined ? {} : { uid }) },
    reason: 'RegistrationChanged',
    message: 'somebody other than Holdpoint had changed this registration; it has been mended',
    type: 'Warning',
    source: { component: 'holdpoint-webhook' },
    reportingComponent: 'holdpoint-webhook',
    reportingInstance: 'holdpoint-webhook',
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

import type { ObjectMeta } from './object.ts';

/** The part of core/v1 Event that Holdpoint writes. Source: k8s.io/api core/v1/types.go. */
export interface CoreEvent {
  apiVersion: 'v1';
  kind: 'Event';
  metadata: ObjectMeta & { name: string; namespace: string };
  involvedObject: { apiVersion: string; kind: string; name: string; uid?: string };
  reason: string;
  message: string;
  type: 'Normal' | 'Warning';
  source: { component: string };
  reportingComponent: string;
  reportingInstance: string;
  /** RFC 3339. */
  firstTimestamp: string;
  lastTimestamp: string;
  count: 1;
}

/** Where the events of objects without a namespace lie; the API server takes them nowhere else. */
export const clusterEventNamespace = 'default';

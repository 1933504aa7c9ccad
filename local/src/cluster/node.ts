import { nodeName } from '../control-plane/kwok-configuration.ts';

/** The one node, as a kubelet would register it. */
export const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' } },
};

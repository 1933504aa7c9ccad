import type { ResourceKind } from './client.ts';

/** The resources that Holdpoint reads or writes. */
export const kinds = {
  accessPolicies: { group: 'holdpoint.dev', version: 'v1alpha1', plural: 'accesspolicies' },
  holds: { group: 'holdpoint.dev', version: 'v1alpha1', plural: 'holds' },
  grants: { group: 'holdpoint.dev', version: 'v1alpha1', plural: 'grants' },
  /** Namespaced: say in which with `{ ...kinds.leases, namespace }`. */
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  apiServices: { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices' },
  validatingWebhookConfigurations: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural: 'validatingwebhookconfigurations',
  },
  mutatingWebhookConfigurations: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural: 'mutatingwebhookconfigurations',
  },
} as const satisfies Record<string, ResourceKind>;

import type { Served } from './discovery.ts';
import type { Row } from './requests.ts';

/** What a write's way through admission comes to, where it is not simply judged. */
export interface Exemption {
  why: string;
  covers(served: Served, how: string): boolean;
  /** True when the webhook is asked all the same, and lets it pass. */
  isAsked: boolean;
  /** What the proxy, which then is the only one to judge, makes of it. */
  throughProxy: 'refused' | 'passed';
}

const reviews = [
  'selfsubjectreviews.authentication.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
];

/** Every write that is not judged, with the reason. One that becomes judged, and one that is missing here, fail the matrix. */
export const exemptions: readonly Exemption[] = [
  {
    why: 'admission is not configured by what it admits: the API server never asks a webhook about these kinds',
    covers: ({ group }) => group === 'admissionregistration.k8s.io',
    isAsked: false,
    throughProxy: 'refused',
  },
  {
    why: 'questions to the server, which write nothing: since 1.37 they reach no webhook (ExcludeAdmissionWebhookVirtualResources)',
    covers: ({ group, resource }) => reviews.includes(`${resource}.${group}`),
    isAsked: false,
    throughProxy: 'passed',
  },
  {
    why:
      'the status has one field, which is dropped while its feature (CSIVolumeHealth) is off: no update changes anything, ' +
      'save that an apply has its manager own something',
    covers: ({ resource, subresource }, how) => resource === 'csinodes' && subresource === 'status' && how !== 'apply',
    isAsked: true,
    throughProxy: 'passed',
  },
];

export function exemptionOf({ served, how }: Row): Exemption | undefined {
  return exemptions.find((each) => each.covers(served, how));
}

/** Writes of our own objects are asked about whoever makes them: a decision is taken, and a policy checked, nowhere else. */
export function isAskedOfEverybody({ group, resource, subresource }: Served, operation: string): boolean {
  if (group !== 'holdpoint.dev' || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
  return resource === 'holds' || resource === 'grants' || (resource === 'accesspolicies' && subresource === '');
}

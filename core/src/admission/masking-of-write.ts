import { answerMaskingOf, type AnswerMasking } from '../masking/answer-masking.ts';
import type { AccessPolicy } from '../policy/access-policy.ts';
import { governingPolicies } from '../policy/governing-policies.ts';
import type { AdmissionRequest } from './admission-review.ts';

/**
 * How the proxy masks, for the user of a write, what it answers about the object that is written; undefined where it masks
 * nothing. What the user was shown is known from this alone: admission never sees the reading.
 */
export function maskingOfWrite(
  policies: readonly Pick<AccessPolicy, 'spec'>[],
  { user, resource, subresource, namespace, name }: AdmissionRequest,
): AnswerMasking | undefined {
  return answerMaskingOf(governingPolicies(policies, user), {
    isResourceRequest: true,
    verb: 'get',
    apiGroup: resource.group,
    resource: resource.resource,
    subresource,
    namespace,
    name,
  });
}

import {
  allowed,
  compilePolicy,
  denied,
  unanswerableHolds,
  unknownReceivers,
  type AccessPolicy,
  type AdmissionRequest,
  type AdmissionReviewResponse,
} from '@holdpoint/core';

/**
 * Refuses a policy that does not compile, whose holds nobody could decide, or that tells somebody unknown, at
 * `kubectl apply`, with every problem at once: path and reason.
 *
 * @param receivers the names of those that the webhook can tell
 */
export function checkPolicy(request: AdmissionRequest, receivers: readonly string[]): AdmissionReviewResponse {
  const result = compilePolicy(request.object as unknown as AccessPolicy);
  const problems =
    'policy' in result
      ? [...unanswerableHolds(result.policy), ...unknownReceivers(result.policy, receivers)]
      : result.problems;
  if (problems.length === 0) return allowed(request.uid, {});
  return denied(
    request.uid,
    problems.map(({ path, message }) => `${path}: ${message}`).join('\n'),
    { decision: 'deny' },
    problems.map(({ path, message }) => ({ reason: 'FieldValueInvalid', field: path, message })),
  );
}

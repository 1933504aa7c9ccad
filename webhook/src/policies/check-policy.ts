import {
  allowed,
  compilePolicy,
  denied,
  unanswerableHolds,
  type AccessPolicy,
  type AdmissionRequest,
  type AdmissionReviewResponse,
} from '@holdpoint/core';

/**
 * Refuses a policy that does not compile, or whose holds nobody could decide, at `kubectl apply`, with every problem at
 * once: path and reason.
 */
export function checkPolicy(request: AdmissionRequest): AdmissionReviewResponse {
  const result = compilePolicy(request.object as unknown as AccessPolicy);
  const problems = 'policy' in result ? unanswerableHolds(result.policy) : result.problems;
  if (problems.length === 0) return allowed(request.uid, {});
  return denied(
    request.uid,
    problems.map(({ path, message }) => `${path}: ${message}`).join('\n'),
    { decision: 'deny' },
    problems.map(({ path, message }) => ({ reason: 'FieldValueInvalid', field: path, message })),
  );
}

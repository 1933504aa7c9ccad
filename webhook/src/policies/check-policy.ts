import {
  allowed,
  compilePolicy,
  denied,
  type AccessPolicy,
  type AdmissionRequest,
  type AdmissionReviewResponse,
} from '@holdpoint/core';

/** Refuses a policy that does not compile, at `kubectl apply`, with every problem at once: path and reason. */
export function checkPolicy(request: AdmissionRequest): AdmissionReviewResponse {
  const result = compilePolicy(request.object as unknown as AccessPolicy);
  if ('policy' in result) return allowed(request.uid, {});
  const problems = result.problems.map(({ path, message }) => `${path}: ${message}`);
  return denied(
    request.uid,
    problems.join('\n'),
    { decision: 'deny' },
    result.problems.map(({ path, message }) => ({ reason: 'FieldValueInvalid', field: path, message })),
  );
}

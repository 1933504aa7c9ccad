import {
  allowed,
  changeOf,
  decisionAnnotation,
  denied,
  giveGrant,
  governingPolicies,
  grantSpecOf,
  hasOwnCredential,
  isJsonObject,
  requestDigestOf,
  revokeGrant,
  revokeVerdict,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Grant,
  type Hmac,
} from '@holdpoint/core';
import { annotatedDecision, changedByHand, withDecision, withStatus } from '../holds/stamped-object.ts';

export interface StampGrantParts {
  policies: () => readonly CompiledPolicy[];
  hmac: Hmac;
  /** See core's hasOwnCredential. */
  credentialExtra: string;
  now: () => number;
}

/**
 * Guards grants: gives one when a person creates it, notes one that a governed subject asks for (its hold is the validating
 * webhook's affair), and revokes one in the request of whoever annotates it. Everybody but our own account comes through here.
 */
export function stampGrant(request: AdmissionRequest, parts: StampGrantParts): AdmissionReviewResponse {
  switch (request.operation) {
    case 'CREATE':
      return stampGiven(request, parts);
    case 'UPDATE':
      return stampRevoked(request, parts);
    default:
      return allowed(request.uid, {});
  }
}

function stampGiven(request: AdmissionRequest, parts: StampGrantParts): AdmissionReviewResponse {
  const { uid, user, object } = request;
  // What is no Grant by its schema is refused by the API server itself, after mutation and with the path.
  if (!isJsonObject(object) || grantSpecOf(object['spec']) === undefined) return allowed(uid, {});
  const isGoverned = governingPolicies(parts.policies(), user).length > 0;
  const outcome = giveGrant({
    grant: object as unknown as Grant,
    giver: user,
    giverHasCredential: hasOwnCredential(user, parts.credentialExtra),
    // The digest that its hold will have: a reader of the Grant finds there who approved it.
    askedByDigest: isGoverned ? requestDigestOf(request, changeOf(request), parts.hmac) : undefined,
    policies: parts.policies(),
    hmac: parts.hmac,
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return denied(uid, outcome.refusal, { decision: 'deny' });
  return withStatus(uid, outcome.status, isGoverned ? {} : { decision: 'grant', grant: request.name });
}

function stampRevoked(request: AdmissionRequest, parts: StampGrantParts): AdmissionReviewResponse {
  const { uid, user, object, oldObject } = request;
  const refuse = (message: string) => denied(uid, message, { decision: 'deny' });
  if (!isJsonObject(object) || !isJsonObject(oldObject)) return refuse('the update carries no object.');
  const field = changedByHand(object, oldObject);
  if (field !== undefined) {
    return refuse(`a grant's ${field} is not changed by hand: revoke it with ${decisionAnnotation}=${revokeVerdict}.`);
  }
  const read = annotatedDecision(object, oldObject);
  if ('refusal' in read) return refuse(read.refusal);
  const { decision } = read;
  if (decision === undefined) return allowed(uid, {});
  if (decision.verdict !== revokeVerdict) {
    return refuse(`${decisionAnnotation}: a grant is only ever revoked: ${revokeVerdict}`);
  }
  const outcome = revokeGrant({
    grant: oldObject as unknown as Grant,
    by: user,
    isGoverned: governingPolicies(parts.policies(), user).length > 0,
    reason: decision.reason,
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return refuse(outcome.refusal);
  return withDecision(uid, outcome.status, decision, { decision: revokeVerdict, grant: request.name });
}

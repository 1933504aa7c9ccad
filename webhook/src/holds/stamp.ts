import {
  allowed,
  decide,
  decisionAnnotation,
  denied,
  governingPolicies,
  hasOwnCredential,
  isJsonObject,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Hold,
} from '@holdpoint/core';
import { annotatedDecision, changedByHand, withDecision } from './stamped-object.ts';

export interface StampParts {
  policies: () => readonly CompiledPolicy[];
  /** See core's hasOwnCredential. */
  credentialExtra: string;
  now: () => number;
}

/**
 * Guards holds, and turns a reviewer's annotation into a decision within that same request. Who decides is who the API
 * server says is asking; what the request claims does not count. Everybody but our own account comes through here.
 */
export function stamp(request: AdmissionRequest, parts: StampParts): AdmissionReviewResponse {
  const refuse = (message: string) => denied(request.uid, message, { decision: 'deny' });
  if (request.operation !== 'UPDATE') return refuse('holds are created by Holdpoint, from a request that is held.');
  const { object, oldObject } = request;
  if (!isJsonObject(object) || !isJsonObject(oldObject)) return refuse('the update carries no object.');
  const field = changedByHand(object, oldObject);
  if (field !== undefined) {
    return refuse(
      `a hold's ${field} is not changed by hand: decide it by annotating it with ${decisionAnnotation}=approve|deny.`,
    );
  }

  const read = annotatedDecision(object, oldObject);
  if ('refusal' in read) return refuse(read.refusal);
  const { decision } = read;
  if (decision === undefined) return allowed(request.uid, {});
  const hold = oldObject as unknown as Hold;
  const outcome = decide({
    hold,
    reviewer: request.user,
    ...decision,
    reviewerIsGoverned: governingPolicies(parts.policies(), request.user).length > 0,
    reviewerHasCredential: hasOwnCredential(request.user, parts.credentialExtra),
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return refuse(outcome.refusal);
  return withDecision(request.uid, outcome.status, decision, { decision: decision.verdict, hold: request.name });
}

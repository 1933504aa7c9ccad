import {
  allowed,
  decide,
  decisionAnnotation,
  denied,
  governingPolicies,
  hasOwnCredential,
  isJsonObject,
  patched,
  reasonAnnotation,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Hold,
  type JsonValue,
} from '@holdpoint/core';
import { annotationPath, annotationsOf, changedByHand } from './stamped-object.ts';

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

  // Set while nobody guarded this hold. Whoever updates it next has decided nothing by that.
  const annotations = annotationsOf(object);
  if (annotationsOf(oldObject)[decisionAnnotation] !== undefined && annotations[decisionAnnotation] !== undefined) {
    return refuse(`${decisionAnnotation} was there before, and nobody knows from whom: remove it, then decide.`);
  }
  const verdict = annotations[decisionAnnotation];
  const reason = annotations[reasonAnnotation];
  if (verdict === undefined) {
    if (reason !== undefined) return refuse(`${reasonAnnotation} says why; ${decisionAnnotation} says what. Set both.`);
    return allowed(request.uid, {});
  }
  const hold = oldObject as unknown as Hold;
  const outcome = decide({
    hold,
    reviewer: request.user,
    verdict,
    reason,
    reviewerIsGoverned: governingPolicies(parts.policies(), request.user).length > 0,
    reviewerHasCredential: hasOwnCredential(request.user, parts.credentialExtra),
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return refuse(outcome.refusal);

  const patch = [
    { op: 'add', path: '/status', value: outcome.status as unknown as JsonValue },
    { op: 'remove', path: annotationPath(decisionAnnotation) },
    ...(reason === undefined ? [] : [{ op: 'remove', path: annotationPath(reasonAnnotation) }]),
  ];
  return patched(request.uid, patch, (text) => Buffer.from(text).toString('base64'), {
    decision: verdict,
    hold: request.name,
    ...(reason === undefined ? {} : { reason }),
  });
}

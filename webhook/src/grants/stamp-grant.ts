import {
  allowed,
  askedNameOf,
  changeOf,
  decisionAnnotation,
  denied,
  digestOf,
  giveGrant,
  governingPolicies,
  grantSpecOf,
  hasOwnCredential,
  isJsonObject,
  patched,
  reasonAnnotation,
  revokeGrant,
  revokeVerdict,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Grant,
  type Hmac,
  type JsonValue,
} from '@holdpoint/core';
import { annotationPath, annotationsOf, changedByHand } from '../holds/stamped-object.ts';

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
    askedByDigest: isGoverned ? grantDigest(request, parts.hmac) : undefined,
    policies: parts.policies(),
    hmac: parts.hmac,
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return denied(uid, outcome.refusal, { decision: 'deny' });
  const status = outcome.status as unknown as JsonValue;
  return patched(uid, [{ op: 'add', path: '/status', value: status }], toBase64, {
    ...(isGoverned ? {} : { decision: 'grant', grant: request.name }),
  });
}

/** The same digest that its hold will have: a reader of the Grant finds there who approved it. */
function grantDigest(request: AdmissionRequest, hmac: Hmac): string {
  const { user, operation, resource, subresource, namespace, oldObject } = request;
  return digestOf(
    {
      username: user.username,
      operation,
      resource,
      subresource,
      namespace,
      name: askedNameOf(request),
      change: changeOf(request),
      oldObject,
    },
    hmac,
  );
}

function stampRevoked(request: AdmissionRequest, parts: StampGrantParts): AdmissionReviewResponse {
  const { uid, user, object, oldObject } = request;
  const refuse = (message: string) => denied(uid, message, { decision: 'deny' });
  if (!isJsonObject(object) || !isJsonObject(oldObject)) return refuse('the update carries no object.');
  const field = changedByHand(object, oldObject);
  if (field !== undefined) {
    return refuse(`a grant's ${field} is not changed by hand: revoke it with ${decisionAnnotation}=${revokeVerdict}.`);
  }
  const annotations = annotationsOf(object);
  const verdict = annotations[decisionAnnotation];
  const reason = annotations[reasonAnnotation];
  if (verdict === undefined) {
    if (reason !== undefined) return refuse(`${reasonAnnotation} says why; ${decisionAnnotation} says what. Set both.`);
    return allowed(uid, {});
  }
  if (verdict !== revokeVerdict) return refuse(`${decisionAnnotation}: a grant is only ever revoked: ${revokeVerdict}`);
  const outcome = revokeGrant({
    grant: oldObject as unknown as Grant,
    by: user,
    isGoverned: governingPolicies(parts.policies(), user).length > 0,
    reason,
    nowMs: parts.now(),
  });
  if ('refusal' in outcome) return refuse(outcome.refusal);
  const patch = [
    { op: 'add', path: '/status', value: outcome.status as unknown as JsonValue },
    { op: 'remove', path: annotationPath(decisionAnnotation) },
    ...(reason === undefined ? [] : [{ op: 'remove', path: annotationPath(reasonAnnotation) }]),
  ];
  return patched(uid, patch, toBase64, {
    decision: 'revoke',
    grant: request.name,
    ...(reason === undefined ? {} : { reason }),
  });
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

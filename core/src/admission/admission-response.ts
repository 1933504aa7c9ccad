import type { JsonValue } from '../kubernetes/object.ts';
import { failureStatus, type Status, type StatusCause } from '../kubernetes/status.ts';

/** admission.k8s.io/v1 AdmissionReview with a response. The API server drops `status` when `allowed` is true. */
export interface AdmissionReviewResponse {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  response: {
    uid: string;
    allowed: boolean;
    status?: Status;
    warnings?: string[];
    auditAnnotations?: Record<string, string>;
    patchType?: 'JSONPatch';
    /** Base64. */
    patch?: string;
  };
}

/** What rides on the audit event: the decision and its effect are one record. Keys get the webhook's name in front. */
export type AuditAnnotations = Readonly<Record<string, string>>;

/** The API server cuts warnings at 256 runes once there are many; terminals are narrower still. */
const maxWarningLength = 120;

export function allowed(uid: string, annotations: AuditAnnotations, warning?: string): AdmissionReviewResponse {
  return review({
    uid,
    allowed: true,
    auditAnnotations: { ...annotations },
    ...(warning === undefined ? {} : { warnings: [shorten(warning, maxWarningLength)] }),
  });
}

/** 403, with a message that the agent reads: it names the rule, the hold and the next step. */
export function denied(
  uid: string,
  message: string,
  annotations: AuditAnnotations,
  causes: StatusCause[] = [],
): AdmissionReviewResponse {
  const details = causes.length === 0 ? undefined : { causes };
  return review({
    uid,
    allowed: false,
    status: failureStatus(403, message, details),
    auditAnnotations: { ...annotations },
  });
}

/** 429: client-go waits `retryAfterSeconds` and asks again by itself, up to ten times. */
export function held(
  uid: string,
  message: string,
  annotations: AuditAnnotations,
  details: { causes: StatusCause[]; retryAfterSeconds: number },
): AdmissionReviewResponse {
  return review({
    uid,
    allowed: false,
    status: failureStatus(429, message, details),
    auditAnnotations: { ...annotations },
  });
}

/** A failure of ours. An AdmissionReview, never an HTTP error: failing closed must not hang on a failurePolicy. */
export function errored(uid: string, message: string): AdmissionReviewResponse {
  return review({ uid, allowed: false, status: failureStatus(500, message) });
}

/** Allowed with changes. `toBase64` is the caller's: core has no Buffer. */
export function patched(
  uid: string,
  patch: readonly { op: string; path: string; value?: JsonValue }[],
  toBase64: (text: string) => string,
  annotations: AuditAnnotations,
): AdmissionReviewResponse {
  return review({
    uid,
    allowed: true,
    patchType: 'JSONPatch',
    patch: toBase64(JSON.stringify(patch)),
    auditAnnotations: { ...annotations },
  });
}

function review(response: AdmissionReviewResponse['response']): AdmissionReviewResponse {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

import {
  canonicalJson,
  decisionAnnotation,
  isJsonObject,
  patched,
  reasonAnnotation,
  type AdmissionReviewResponse,
  type AuditAnnotations,
  type JsonObject,
  type JsonValue,
} from '@holdpoint/core';

/** What somebody decides about a Hold or a Grant, by annotating it. */
export interface AnnotatedDecision {
  verdict: string;
  reason: string | undefined;
}

/** The part of a Hold or Grant that an update changes though only the webhook may, or undefined. */
export function changedByHand(object: JsonObject, oldObject: JsonObject): 'spec' | 'status' | undefined {
  return (['spec', 'status'] as const).find(
    (field) => canonicalJson(object[field] ?? null) !== canonicalJson(oldObject[field] ?? null),
  );
}

/**
 * Reads the decision that an update annotates: undefined where it annotates none.
 *
 * @returns `refusal` where nobody could say what is decided, or by whom
 */
export function annotatedDecision(
  object: JsonObject,
  oldObject: JsonObject,
): { decision: AnnotatedDecision | undefined } | { refusal: string } {
  const annotations = annotationsOf(object);
  const verdict = annotations[decisionAnnotation];
  const reason = annotations[reasonAnnotation];
  // Set while nobody guarded this object. Whoever updates it next has decided nothing by that.
  if (annotationsOf(oldObject)[decisionAnnotation] !== undefined && verdict !== undefined) {
    return { refusal: `${decisionAnnotation} was there before, and nobody knows from whom: remove it, then decide.` };
  }
  if (verdict !== undefined) return { decision: { verdict, reason } };
  if (reason === undefined) return { decision: undefined };
  return { refusal: `${reasonAnnotation} says why; ${decisionAnnotation} says what. Set both.` };
}

/** Allows the update with the decision turned into `status`, and its annotations gone. */
export function withDecision(
  uid: string,
  status: object,
  { reason }: AnnotatedDecision,
  annotations: AuditAnnotations,
): AdmissionReviewResponse {
  const patch = [
    { op: 'remove', path: annotationPath(decisionAnnotation) },
    ...(reason === undefined ? [] : [{ op: 'remove', path: annotationPath(reasonAnnotation) }]),
  ];
  return withStatus(uid, status, { ...annotations, ...(reason === undefined ? {} : { reason }) }, patch);
}

/** Allows the write with `status` in place of whatever it says itself. */
export function withStatus(
  uid: string,
  status: object,
  annotations: AuditAnnotations,
  more: readonly { op: string; path: string }[] = [],
): AdmissionReviewResponse {
  const patch = [{ op: 'add', path: '/status', value: status as JsonValue }, ...more];
  return patched(uid, patch, (text) => Buffer.from(text).toString('base64'), annotations);
}

function annotationsOf(object: JsonObject): Record<string, string | undefined> {
  const { metadata } = object;
  if (!isJsonObject(metadata) || !isJsonObject(metadata['annotations'])) return {};
  return metadata['annotations'] as Record<string, string>;
}

/** A JSON Pointer to an annotation. */
function annotationPath(name: string): string {
  return `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { maskObject, type Assumed } from '../masking/mask-object.ts';
import type { Mask } from '../masking/mask.ts';
import type { AuditEvent } from './audit-event.ts';
import { withheld, withoutCopies } from './without-copies.ts';

/** An event's parts that can carry a secret value, masked. */
export interface MaskedParts {
  requestObject: JsonValue | undefined;
  responseObject: JsonValue | undefined;
  responseStatus: JsonObject;
  annotations: Readonly<Record<string, string>>;
}

/** Admission annotations whose values are names and verdicts, never a piece of the object. */
const harmlessAnnotations: readonly RegExp[] = [
  /^authorization\.k8s\.io\//,
  /^authentication\.k8s\.io\//,
  /^(?:[a-z]+\.)?holdpoint\.dev\//,
  /^mutation\.webhook\.admission\.k8s\.io\//,
  /^failed-open\.(?:mutation|validating|validation)\.webhook\.admission\.k8s\.io\//,
  /^apiserver\.latency\.k8s\.io\//,
];

/**
 * Masks what an event says of Secrets, wherever it says it: the object that was sent (whole, or as a patch), the answer,
 * the failure message (which quotes values), and the annotations in which the API server logs mutating webhooks' patches.
 * Also the credentials inside token requests and token reviews.
 */
export function maskEvent(event: AuditEvent, mask: Mask): MaskedParts {
  const { objectRef } = event;
  if (objectRef.resource === 'tokenreviews') {
    return {
      ...event,
      requestObject: maskTokenReview(event.requestObject, mask),
      responseObject: maskTokenReview(event.responseObject, mask),
    };
  }
  if (objectRef.resource !== 'secrets' || objectRef.apiGroup !== '') {
    return {
      requestObject: event.requestObject === undefined ? undefined : maskObject(event.requestObject, mask),
      responseObject: event.responseObject === undefined ? undefined : maskObject(event.responseObject, mask),
      responseStatus: event.responseStatus,
      annotations: event.annotations,
    };
  }
  const assumed: Assumed = { kind: 'Secret', namespace: objectRef.namespace, name: objectRef.name };
  return {
    requestObject: maskSecretBody(event.requestObject, mask, assumed),
    responseObject: isMovedOut(event.requestObject) ? withheld : maskSecretBody(event.responseObject, mask, assumed),
    responseStatus: maskStatusOfSecret(event.responseStatus, mask, assumed),
    annotations: Object.fromEntries(
      Object.entries(event.annotations).map(([key, text]) => [
        key,
        harmlessAnnotations.some((harmless) => harmless.test(key)) ? text : withheld,
      ]),
    ),
  };
}

/** What is neither an object nor a patch cannot be read, and so is not kept. */
function maskSecretBody(body: JsonValue | undefined, mask: Mask, assumed: Assumed): JsonValue | undefined {
  if (body === undefined || body === null) return body;
  return typeof body === 'object' ? withoutCopies(maskObject(body, mask, assumed), body) : withheld;
}

/**
 * A JSON patch runs inside the API server: `copy` and `move` can take a value to a label or an annotation, where nothing
 * tells it from any other text. The answer to such a patch is not kept.
 */
function isMovedOut(request: JsonValue | undefined): boolean {
  return (
    Array.isArray(request) && request.some((each) => isJsonObject(each) && (each.op === 'copy' || each.op === 'move'))
  );
}

/** An event's responseStatus is a Status that does not say so. */
function maskStatusOfSecret(status: JsonObject, mask: Mask, assumed: Assumed): JsonObject {
  if (status.message === undefined && status.details === undefined) return status;
  const masked = maskObject({ ...status, kind: 'Status' }, mask, assumed);
  return isJsonObject(masked) ? masked : {};
}

/** A TokenReview is asked with somebody's live credential. Source: k8s.io/api/authentication/v1 types.go. */
function maskTokenReview(body: JsonValue | undefined, mask: Mask): JsonValue | undefined {
  if (body === undefined || body === null) return body;
  if (!isJsonObject(body)) return withheld;
  const spec = body['spec'];
  if (!isJsonObject(spec) || spec['token'] === undefined) return body;
  const text = typeof spec['token'] === 'string' ? spec['token'] : JSON.stringify(spec['token']);
  const token = mask.ofText({ namespace: '', name: 'tokenreviews', key: 'spec.token' }, text);
  return { ...body, spec: { ...spec, token } };
}

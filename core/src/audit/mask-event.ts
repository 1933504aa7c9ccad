import type { UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { maskDocument } from '../masking/mask-document.ts';
import { maskMetadata } from '../masking/mask-metadata.ts';
import { maskObject, type Assumed } from '../masking/mask-object.ts';
import { maskSecret } from '../masking/mask-secret.ts';
import { maskName, maskText } from '../masking/mask-text.ts';
import { maskUri } from '../masking/mask-uri.ts';
import { maskAnswer } from '../masking/mask-answer.ts';
import { maskFieldsWritten } from '../masking/mask-fields-in-patch.ts';
import { maskStatus } from '../masking/mask-status.ts';
import type { FieldPath } from '../masking/field-path.ts';
import type { Mask } from '../masking/mask.ts';
import type { AuditEvent, ObjectReference } from './audit-event.ts';
import { collecting, createCopyMask, withheld } from './without-copies.ts';

/** What of an event can carry a secret value besides its bodies, masked. */
export interface MaskedEnvelope {
  auditId: string;
  requestUri: string;
  userAgent: string;
  user: UserInfo;
  impersonatedUser: UserInfo | undefined;
  objectRef: ObjectReference;
}

/** An event's parts that can carry a secret value, masked. */
export interface MaskedParts extends MaskedEnvelope {
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
 * Masks every secret value in an event, wherever it stands: the objects that were sent and answered, whole or as a patch;
 * failure messages, which quote values; the annotations in which the API server logs mutating webhooks' patches; the URI,
 * which has the command line of an exec; what the client says of itself. And then every copy of a value that was masked in
 * one of these, in all the others.
 *
 * @param fields places that policies name in objects of the event's resource
 * @throws RangeError for a body nested deeper than the stack
 */
export function maskEvent(event: AuditEvent, mask: Mask, fields: readonly FieldPath[] = []): MaskedParts {
  const collected = collecting(mask);
  const shown = fields.length === 0 ? event : withoutFields(event, collected.mask, fields);
  const bodies = isAboutSecrets(event) ? maskSecretBodies(shown, collected.mask) : maskBodies(shown, collected.mask);
  const parts = { ...bodies, ...maskEnvelope(event, collected.mask) };
  return collected.values.size === 0 ? parts : withoutCopiesIn(parts, collected.values);
}

/** The part of it that cannot fail. */
export function maskEnvelope(event: AuditEvent, mask: Mask): MaskedEnvelope {
  const { objectRef, user, impersonatedUser } = event;
  return {
    // The client's to choose.
    auditId: maskName(event.auditId, mask),
    requestUri: maskUri(event.requestUri, mask),
    userAgent: maskText(event.userAgent, mask),
    user: maskUser(user, mask),
    impersonatedUser: impersonatedUser === undefined ? undefined : maskUser(impersonatedUser, mask),
    // All of them are pieces of the path, whatever was written there.
    objectRef: {
      apiGroup: maskName(objectRef.apiGroup, mask),
      apiVersion: maskName(objectRef.apiVersion, mask),
      resource: maskName(objectRef.resource, mask),
      subresource: maskName(objectRef.subresource, mask),
      namespace: maskName(objectRef.namespace, mask),
      name: maskName(objectRef.name, mask),
    },
  };
}

function isAboutSecrets({ objectRef }: AuditEvent): boolean {
  return objectRef.resource === 'secrets' && objectRef.apiGroup === '';
}

/** What stands at a policy's places is a secret whatever it looks like, so whatever could quote it is left out. */
function withoutFields(event: AuditEvent, mask: Mask, fields: readonly FieldPath[]): AuditEvent {
  const { requestObject, responseObject, responseStatus, annotations } = event;
  const answered = (body: JsonValue): JsonValue =>
    isMovedOut(requestObject) ? withheld : maskAnswer(body, mask, { detectors: 'none', fields });
  return {
    ...event,
    requestObject: requestObject === undefined ? undefined : maskFieldsWritten(requestObject, fields, mask),
    responseObject: responseObject === undefined ? undefined : answered(responseObject),
    responseStatus:
      responseStatus.message === undefined ? responseStatus : maskStatus(responseStatus, 'what has masked fields'),
    annotations: mapValues(annotations, (key, text) => (isHarmless(key) ? text : withheld)),
  };
}

type Bodies = Pick<MaskedParts, 'requestObject' | 'responseObject' | 'responseStatus' | 'annotations'>;

function maskBodies(event: AuditEvent, mask: Mask): Bodies {
  const { requestObject, responseObject } = event;
  return {
    requestObject: requestObject === undefined ? undefined : maskDocument(requestObject, mask, '', event.objectRef),
    responseObject: responseObject === undefined ? undefined : maskDocument(responseObject, mask, '', event.objectRef),
    responseStatus: objectOr(maskDocument(event.responseStatus, mask)),
    annotations: mapValues(event.annotations, (key, text) => maskAnnotation(key, text, mask)),
  };
}

function maskSecretBodies(event: AuditEvent, mask: Mask): Bodies {
  const { objectRef, requestObject, responseObject } = event;
  const assumed: Assumed = { kind: 'Secret', namespace: objectRef.namespace, name: objectRef.name };
  return {
    requestObject: maskSecretBody(requestObject, mask, assumed),
    responseObject: isMovedOut(requestObject) ? withheld : maskSecretBody(responseObject, mask, assumed),
    responseStatus: objectOr(maskDocument(maskStatusOfSecret(event.responseStatus, mask, assumed), mask)),
    annotations: mapValues(event.annotations, (key, text) =>
      isHarmless(key) ? maskAnnotation(key, text, mask) : withheld,
    ),
  };
}

function isHarmless(annotation: string): boolean {
  return harmlessAnnotations.some((harmless) => harmless.test(annotation));
}

/** `authentication.k8s.io/legacy-token` names an account: of what is harmless, the name tells nothing. */
function maskAnnotation(key: string, text: string, mask: Mask): string {
  if (isHarmless(key)) return maskText(text, mask);
  const masked = maskDocument(text, mask, key.slice(key.lastIndexOf('/') + 1));
  return typeof masked === 'string' ? masked : withheld;
}

/** What is neither an object nor a patch cannot be read, and so is not kept. */
function maskSecretBody(body: JsonValue | undefined, mask: Mask, assumed: Assumed): JsonValue | undefined {
  if (body === undefined || body === null) return body;
  if (typeof body !== 'object') return withheld;
  const masked = maskObject(body, mask, assumed);
  if (!isJsonObject(masked)) return maskDocument(masked, mask);
  // A patch may claim to be of any kind; it was sent to a Secret all the same.
  const key = { namespace: assumed.namespace ?? '', name: assumed.name ?? '' };
  const values = maskSecret(masked, mask, key, ['data', 'stringData', 'annotations']);
  return maskMetadata(maskDocument(values, mask, '', key), mask);
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
  return objectOr(maskObject({ ...status, kind: 'Status' }, mask, assumed));
}

/** The name of an extra's kind stands behind the slash. */
function maskUser(user: UserInfo, mask: Mask): UserInfo {
  return {
    ...user,
    username: maskName(user.username, mask),
    groups: user.groups.map((group) => maskName(group, mask)),
    extra: mapValues(user.extra, (key, texts) =>
      texts.map((text) => String(maskDocument(text, mask, key.slice(key.lastIndexOf('/') + 1)))),
    ),
  };
}

function withoutCopiesIn(parts: MaskedParts, values: ReadonlyMap<string, string>): MaskedParts {
  const { requestObject, responseObject, annotations, responseStatus, ...envelope } = parts;
  const maskCopies = createCopyMask(values);
  const body = (value: JsonValue | undefined): JsonValue | undefined =>
    value === undefined ? undefined : maskCopies(value);
  const text = (value: string): string => String(maskCopies(value));
  const user = (info: UserInfo): UserInfo => ({
    ...info,
    extra: mapValues(info.extra, (_key, texts) => texts.map(text)),
  });
  return {
    ...envelope,
    requestUri: text(envelope.requestUri),
    userAgent: text(envelope.userAgent),
    user: user(envelope.user),
    impersonatedUser: envelope.impersonatedUser === undefined ? undefined : user(envelope.impersonatedUser),
    requestObject: body(requestObject),
    responseObject: body(responseObject),
    responseStatus: objectOr(maskCopies(responseStatus)),
    annotations: mapValues(annotations, (_key, each) => text(each)),
  };
}

/** fromEntries defines own properties: a key called __proto__ stays a key. */
function mapValues<Value>(
  map: Readonly<Record<string, Value>>,
  change: (key: string, value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(key, value)]));
}

function objectOr(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {};
}

import { HoldpointError, messageOf } from '../errors.ts';
import type { UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { toStoreTime } from './event-time.ts';

/** audit.k8s.io/v1 Event, the part that is kept. Source: k8s.io/apiserver/pkg/apis/audit/v1/types.go. */
export interface AuditEvent {
  /** Chosen by the client if it likes: never an identity. */
  auditId: string;
  stage: string;
  level: string;
  verb: string;
  requestUri: string;
  user: UserInfo;
  /** Whom `user` acted as. */
  impersonatedUser: UserInfo | undefined;
  sourceIps: readonly string[];
  userAgent: string;
  objectRef: ObjectReference;
  responseStatus: JsonObject;
  requestObject: JsonValue | undefined;
  responseObject: JsonValue | undefined;
  /** As the store writes times: see event-time.ts. */
  receivedAt: string;
  stageAt: string;
  annotations: Readonly<Record<string, string>>;
  /** By which constraint an impersonation was allowed: Kubernetes 1.37 and newer. */
  authenticationMetadata: JsonObject;
  /** What this version does not know, by its path. Told of, and part of the event's identity, but not kept. */
  unknownFields: Readonly<Record<string, JsonValue>>;
}

/** Empty strings for a request that is about no object. */
export interface ObjectReference {
  apiGroup: string;
  apiVersion: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

/** Lower-case hex of the SHA-256 of an item's bytes as they came. Asked for only where an item's content cannot be told else. */
export type ContentHash = () => string;

/** One item of a batch: an event, or what could not be read as one. Never nothing. */
export type AuditItem =
  | { type: 'Event'; event: AuditEvent; contentHash: ContentHash }
  /** `fields` is what of its top level could be read. */
  | { type: 'Broken'; reason: string; fields: JsonObject; contentHash: ContentHash };

/** A reason may quote a name out of the item, and that may be as long as the item. */
const maxReasonLength = 500;

/**
 * Decodes one item of an EventList, or one line of an audit log, as untrusted input. What is no event comes back as `Broken`,
 * with the path at which it fails: one bad event costs neither itself nor its neighbours their place in the record.
 */
export function parseAuditItem(value: unknown, contentHash: ContentHash): AuditItem {
  try {
    return { type: 'Event', event: parseAuditEvent(value), contentHash };
  } catch (error) {
    const fields = isJsonObject(value) ? value : {};
    return { type: 'Broken', reason: messageOf(error).slice(0, maxReasonLength), fields, contentHash };
  }
}

/** @throws HoldpointError ERR_AUDIT_EVENTS_INVALID naming the path */
export function parseAuditEvent(value: unknown): AuditEvent {
  if (!isJsonObject(value)) throw invalid('the event', 'an object', value);
  const reference = objectAt(value, 'objectRef', 'objectRef', {});
  const impersonated = value['impersonatedUser'] ?? null;
  return {
    auditId: requiredAt(value, 'auditID'),
    stage: requiredAt(value, 'stage'),
    level: stringAt(value, 'level', 'level', ''),
    verb: stringAt(value, 'verb', 'verb', ''),
    requestUri: stringAt(value, 'requestURI', 'requestURI', ''),
    user: userAt(objectAt(value, 'user', 'user', {}), 'user'),
    impersonatedUser:
      impersonated === null
        ? undefined
        : userAt(objectAt(value, 'impersonatedUser', 'impersonatedUser'), 'impersonatedUser'),
    sourceIps: stringsOf(value['sourceIPs'] ?? [], 'sourceIPs'),
    userAgent: stringAt(value, 'userAgent', 'userAgent', ''),
    objectRef: {
      apiGroup: stringAt(reference, 'apiGroup', 'objectRef.apiGroup', ''),
      apiVersion: stringAt(reference, 'apiVersion', 'objectRef.apiVersion', ''),
      resource: stringAt(reference, 'resource', 'objectRef.resource', ''),
      subresource: stringAt(reference, 'subresource', 'objectRef.subresource', ''),
      namespace: stringAt(reference, 'namespace', 'objectRef.namespace', ''),
      name: stringAt(reference, 'name', 'objectRef.name', ''),
    },
    responseStatus: objectAt(value, 'responseStatus', 'responseStatus', {}),
    requestObject: value['requestObject'],
    responseObject: value['responseObject'],
    receivedAt: timeAt(value, 'requestReceivedTimestamp'),
    stageAt: timeAt(value, 'stageTimestamp'),
    annotations: annotationsOf(objectAt(value, 'annotations', 'annotations', {})),
    authenticationMetadata: objectAt(value, 'authenticationMetadata', 'authenticationMetadata', {}),
    unknownFields: unknownFieldsOf(value),
  };
}

const knownUserFields: ReadonlySet<string> = new Set(['username', 'uid', 'groups', 'extra']);
/** What is not read is known all the same. */
const knownFields: Readonly<Record<string, ReadonlySet<string>>> = {
  '': new Set([
    ...['kind', 'apiVersion', 'level', 'auditID', 'stage', 'requestURI', 'verb', 'user', 'impersonatedUser'],
    ...['authenticationMetadata', 'sourceIPs', 'userAgent', 'objectRef', 'responseStatus', 'requestObject'],
    ...['responseObject', 'requestReceivedTimestamp', 'stageTimestamp', 'annotations'],
  ]),
  user: knownUserFields,
  impersonatedUser: knownUserFields,
  objectRef: new Set([
    ...['resource', 'namespace', 'name', 'uid', 'apiGroup', 'apiVersion', 'resourceVersion', 'subresource'],
  ]),
};

function unknownFieldsOf(event: JsonObject): Record<string, JsonValue> {
  const unknown: [string, JsonValue][] = [];
  for (const [part, known] of Object.entries(knownFields)) {
    const fields = part === '' ? event : event[part];
    if (!isJsonObject(fields)) continue;
    for (const name in fields) {
      if (!known.has(name)) unknown.push([part === '' ? name : `${part}.${name}`, fields[name] ?? null]);
    }
  }
  return Object.fromEntries(unknown);
}

function userAt(user: JsonObject, path: string): UserInfo {
  const extras = Object.entries(objectAt(user, 'extra', `${path}.extra`, {}));
  // fromEntries defines own properties: a key called __proto__ stays a key.
  const extra = Object.fromEntries(
    extras.map(([key, values]) => [key, stringsOf(values, `${path}.extra[${JSON.stringify(key)}]`)]),
  );
  return {
    username: stringAt(user, 'username', `${path}.username`, ''),
    uid: stringAt(user, 'uid', `${path}.uid`, ''),
    groups: stringsOf(user['groups'] ?? [], `${path}.groups`),
    extra,
  };
}

function annotationsOf(annotations: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, text]) => {
      if (typeof text !== 'string') throw invalid(`annotations[${JSON.stringify(key)}]`, 'a string', text);
      return [key, text];
    }),
  );
}

function timeAt(value: JsonObject, key: string): string {
  const time = toStoreTime(stringAt(value, key, key));
  if (time === undefined) throw invalid(key, 'an RFC 3339 time', 'another text');
  return time;
}

function stringsOf(value: JsonValue, path: string): string[] {
  if (!Array.isArray(value)) throw invalid(path, 'a list of strings', value);
  return value.map((each, i) => {
    if (typeof each !== 'string') throw invalid(`${path}[${String(i)}]`, 'a string', each);
    return each;
  });
}

/** Null stands for what Go left out. */
function objectAt(parent: JsonObject, key: string, path: string, fallback?: JsonObject): JsonObject {
  const value = parent[key] ?? fallback;
  if (!isJsonObject(value)) throw invalid(path, 'an object', value);
  return value;
}

function stringAt(parent: JsonObject, key: string, path: string, fallback?: string): string {
  const value = parent[key] ?? fallback;
  if (typeof value !== 'string') throw invalid(path, 'a string', value);
  return value;
}

function requiredAt(parent: JsonObject, key: string): string {
  const text = stringAt(parent, key, key);
  if (text === '') throw invalid(key, 'a text', 'an empty one');
  return text;
}

function invalid(path: string, expected: string, got: unknown): HoldpointError {
  const shown = got === null ? 'null' : Array.isArray(got) ? 'a list' : typeof got;
  return new HoldpointError(
    'ERR_AUDIT_EVENTS_INVALID',
    `${path}: expected ${expected}, got ${shown === 'undefined' ? 'nothing' : shown}`,
    { details: { path } },
  );
}

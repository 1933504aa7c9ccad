import { HoldpointError } from '../errors.ts';
import type { UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type GroupVersionResource, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { Operation } from '../policy/access-policy.ts';

/** admission.k8s.io/v1 AdmissionRequest, the part that Holdpoint judges. Source: k8s.io/api/admission/v1/types.go. */
export interface AdmissionRequest {
  uid: string;
  operation: Operation;
  kind: { group: string; version: string; kind: string };
  resource: GroupVersionResource;
  subresource: string;
  namespace: string;
  name: string;
  user: UserInfo;
  object: JsonValue;
  oldObject: JsonValue;
  /** CreateOptions, UpdateOptions, DeleteOptions or, for CONNECT, nothing. */
  options: JsonValue;
  dryRun: boolean;
  /** The request as it came, for CEL: as there, without the objects, which have variables of their own. */
  raw: JsonObject;
}

const operations: readonly string[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];

/**
 * Decodes an AdmissionReview as untrusted input.
 *
 * @throws HoldpointError ERR_ADMISSION_REVIEW_INVALID naming the path
 */
export function parseAdmissionReview(review: unknown): AdmissionRequest {
  if (!isJsonObject(review)) throw invalid('', 'an object', review);
  if (review['kind'] !== 'AdmissionReview') throw invalid('kind', '"AdmissionReview"', review['kind']);
  if (review['apiVersion'] !== 'admission.k8s.io/v1') {
    throw invalid('apiVersion', '"admission.k8s.io/v1"', review['apiVersion']);
  }
  const request = objectAt(review, 'request', 'request');
  const kind = objectAt(request, 'kind', 'request.kind');
  const resource = objectAt(request, 'resource', 'request.resource');
  const operation = stringAt(request, 'operation', 'request.operation');
  if (!operations.includes(operation)) throw invalid('request.operation', operations.join(', '), operation);
  const uid = stringAt(request, 'uid', 'request.uid');
  const { object: _object, oldObject: _oldObject, ...raw } = request;
  if (uid === '') throw invalid('request.uid', 'a uid', uid);
  return {
    uid,
    operation: operation as Operation,
    kind: {
      group: stringAt(kind, 'group', 'request.kind.group'),
      version: stringAt(kind, 'version', 'request.kind.version'),
      kind: stringAt(kind, 'kind', 'request.kind.kind'),
    },
    resource: {
      group: stringAt(resource, 'group', 'request.resource.group'),
      version: stringAt(resource, 'version', 'request.resource.version'),
      resource: stringAt(resource, 'resource', 'request.resource.resource'),
    },
    subresource: stringAt(request, 'subResource', 'request.subResource', ''),
    namespace: stringAt(request, 'namespace', 'request.namespace', ''),
    name: stringAt(request, 'name', 'request.name', ''),
    user: parseUserInfo(objectAt(request, 'userInfo', 'request.userInfo')),
    object: request['object'] ?? null,
    oldObject: request['oldObject'] ?? null,
    options: request['options'] ?? null,
    dryRun: booleanAt(request, 'dryRun', 'request.dryRun'),
    raw,
  };
}

/** The uid to answer to, of a review that may be broken otherwise: an answer without it is an error of its own. */
export function uidOfReview(review: unknown): string {
  if (!isJsonObject(review) || !isJsonObject(review['request'])) return '';
  const { uid } = review['request'];
  return typeof uid === 'string' ? uid : '';
}

function parseUserInfo(user: JsonObject): UserInfo {
  const path = 'request.userInfo';
  const username = stringAt(user, 'username', `${path}.username`);
  if (username === '') throw invalid(`${path}.username`, 'a name', username);
  const extras = Object.entries(objectAt(user, 'extra', `${path}.extra`, {}));
  // fromEntries defines own properties: a key called __proto__ stays a key.
  const extra = Object.fromEntries(
    extras.map(([key, values]) => [key, stringsOf(values, `${path}.extra[${JSON.stringify(key)}]`)]),
  );
  return {
    username,
    uid: stringAt(user, 'uid', `${path}.uid`, ''),
    groups: stringsOf(user['groups'] ?? [], `${path}.groups`),
    extra,
  };
}

function stringsOf(value: JsonValue, path: string): string[] {
  if (!Array.isArray(value)) throw invalid(path, 'a list of strings', value);
  return value.map((each, i) => {
    if (typeof each !== 'string') throw invalid(`${path}[${String(i)}]`, 'a string', each);
    return each;
  });
}

function objectAt(parent: JsonObject, key: string, path: string, fallback?: JsonObject): JsonObject {
  const value = parent[key] ?? fallback;
  if (!isJsonObject(value)) throw invalid(path, 'an object', parent[key]);
  return value;
}

/** Go leaves empty strings out of some fields: those have a fallback. */
function stringAt(parent: JsonObject, key: string, path: string, fallback?: string): string {
  const value = parent[key] ?? fallback;
  if (typeof value !== 'string') throw invalid(path, 'a string', parent[key]);
  return value;
}

function booleanAt(parent: JsonObject, key: string, path: string): boolean {
  const value = parent[key] ?? false;
  if (typeof value !== 'boolean') throw invalid(path, 'a boolean', value);
  return value;
}

function invalid(path: string, expected: string, got: unknown): HoldpointError {
  const shown = got === null ? 'null' : Array.isArray(got) ? 'a list' : typeof got;
  return new HoldpointError(
    'ERR_ADMISSION_REVIEW_INVALID',
    `${path === '' ? 'the body' : path}: expected ${expected}, got ${shown === 'undefined' ? 'nothing' : shown}`,
    { details: { path } },
  );
}

import type { Change, ChangeOperation } from '../../holds/hold.ts';
import { diffObjects } from '../../holds/json-patch.ts';
import { normaliseObject } from '../../holds/normalise.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../kubernetes/object.ts';
import { bodyOf, isDryRun, isTooDeep, objectIn, type RecordedCall } from './recorded-call.ts';

/** One value that a patch sets or takes away. `from` for a JSON patch's copy and move. */
export interface PatchedValue {
  op: 'add' | 'replace' | 'remove' | 'copy' | 'move' | 'test' | 'set';
  /** A JSON Pointer. */
  path: string;
  from?: string;
  value?: JsonValue;
}

/** What a write changed, as far as the record tells. */
export type RecordedChange =
  /** Exactly what an approver was shown: from the record of the hold. */
  | { type: 'Held'; change: Change; before?: JsonObject }
  | { type: 'Create'; object: JsonObject }
  /** The state before is known from an earlier answer of the session. */
  | { type: 'Update'; before: JsonObject; patch: ChangeOperation[] }
  /** A PUT whose state before is not in the record. */
  | { type: 'Replace'; object: JsonObject }
  /** A patch whose state before is not in the record: what it sets. */
  | { type: 'Patch'; format: 'Apply' | 'JSON' | 'Merge'; values: PatchedValue[] }
  | { type: 'Delete'; options: JsonObject; object?: JsonObject }
  | { type: 'Connect'; command: string[]; container: string }
  /** Why it cannot be told. */
  | { type: 'Unknown'; why: string };

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** An object as a person reads it: without what the server adds, and without kubectl's copy of the whole of it. */
export function compactObject(object: JsonObject, { keepStatus = false } = {}): JsonObject {
  const { apiVersion, kind, metadata: given, status, ...rest } = normaliseObject(object);
  // What it is comes first: a long one may be cut short.
  const compact: JsonObject = {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...(given === undefined ? {} : { metadata: given }),
    ...rest,
    ...(keepStatus && status !== undefined ? { status } : {}),
  };
  const { metadata } = compact;
  if (!isJsonObject(metadata) || !isJsonObject(metadata['annotations'])) return compact;
  const { [lastApplied]: _copy, ...annotations } = metadata['annotations'];
  const { annotations: _annotations, ...others } = metadata;
  return { ...compact, metadata: Object.keys(annotations).length === 0 ? others : { ...others, annotations } };
}

/**
 * What a call changed, or undefined for one that changes nothing.
 *
 * @param before the object as an earlier answer had it
 */
export function changeOfCall(call: RecordedCall, before: JsonObject | undefined): RecordedChange | undefined {
  if (isConnect(call)) return connectOf(call.request_uri);
  if (!writeVerbs.has(call.verb)) return undefined;
  if (call.broken !== '') return { type: 'Unknown', why: call.broken };
  if (isTooDeep(call.request_body) || isTooDeep(call.response_body)) {
    return { type: 'Unknown', why: 'its body is nested too deep to be shown' };
  }
  if (call.verb === 'delete' || call.verb === 'deletecollection') return deleteOf(call, before);
  const request = bodyOf(call.request_body);
  const response = call.code < 300 ? objectIn(call.response_body) : undefined;
  const keepStatus = call.subresource === 'status';
  const after = response === undefined || !isSameKind(response, call) ? undefined : response;
  if (before !== undefined && after !== undefined && call.verb !== 'create') {
    const state = compactObject(before, { keepStatus });
    return { type: 'Update', before: state, patch: diffObjects(state, compactObject(after, { keepStatus })) };
  }
  if (call.verb === 'patch') return request === undefined ? withoutBody(after) : patchOf(request, after);
  const object = isJsonObject(request) ? request : after;
  if (object === undefined) return { type: 'Unknown', why: 'its body is not in the record' };
  return { type: call.verb === 'create' ? 'Create' : 'Replace', object: compactObject(object, { keepStatus }) };
}

export const writeVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** What opens a connection instead of reading or writing an object. */
export function isConnect({ subresource, resource }: Pick<RecordedCall, 'resource' | 'subresource'>): boolean {
  return (
    (resource === 'pods' && ['exec', 'attach', 'portforward'].includes(subresource)) ||
    (['pods', 'services', 'nodes'].includes(resource) && subresource === 'proxy')
  );
}

function connectOf(uri: string): RecordedChange {
  const query = uri.split('?')[1] ?? '';
  const values = (name: string): string[] =>
    query.split('&').flatMap((pair) => {
      const [key, value = ''] = pair.split('=');
      return key === name ? [decoded(value)] : [];
    });
  return { type: 'Connect', command: values('command'), container: values('container')[0] ?? '' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // The client's own bytes: shown as they came.
  }
}

function deleteOf(call: RecordedCall, before: JsonObject | undefined): RecordedChange {
  const { apiVersion: _version, kind: _kind, ...options } = objectIn(call.request_body) ?? {};
  const response = objectIn(call.response_body);
  const isObject = response !== undefined && response['kind'] !== 'Status' && isJsonObject(response['metadata']);
  const gone = isObject && call.verb === 'delete' ? response : before;
  return { type: 'Delete', options, ...(gone === undefined ? {} : { object: compactObject(gone) }) };
}

function withoutBody(after: JsonObject | undefined): RecordedChange {
  return after === undefined
    ? { type: 'Unknown', why: 'its body is not in the record' }
    : { type: 'Replace', object: compactObject(after) };
}

function patchOf(request: JsonValue, after: JsonObject | undefined): RecordedChange {
  if (Array.isArray(request)) {
    return { type: 'Patch', format: 'JSON', values: request.flatMap((each) => operationOf(each) ?? []) };
  }
  if (!isJsonObject(request)) return withoutBody(after);
  const isApply = typeof request['apiVersion'] === 'string' && typeof request['kind'] === 'string';
  const patch = isApply ? compactObject(request) : withoutLastApplied(request);
  const { apiVersion: _version, kind: _kind, ...sets } = patch;
  const values: PatchedValue[] = [];
  collect(isApply ? sets : patch, after, '', values);
  return { type: 'Patch', format: isApply ? 'Apply' : 'Merge', values };
}

function operationOf(value: JsonValue): PatchedValue | undefined {
  if (!isJsonObject(value)) return undefined;
  const { op, path, from, value: to } = value;
  if (typeof path !== 'string') return undefined;
  const known = (['add', 'replace', 'remove', 'copy', 'move', 'test'] as const).find((each) => each === op);
  return {
    op: known ?? 'set',
    path,
    ...(typeof from === 'string' ? { from } : {}),
    ...(to === undefined ? {} : { value: to }),
  };
}

/** kubectl's three-way patch carries the whole object once more in that annotation. */
function withoutLastApplied(patch: JsonObject): JsonObject {
  const { metadata } = patch;
  if (!isJsonObject(metadata) || !isJsonObject(metadata['annotations'])) return patch;
  const { [lastApplied]: _copy, ...annotations } = metadata['annotations'];
  const { annotations: _all, ...others } = metadata;
  const kept = Object.keys(annotations).length === 0 ? others : { ...others, annotations };
  const { metadata: _metadata, ...rest } = patch;
  return Object.keys(kept).length === 0 ? rest : { ...rest, metadata: kept };
}

/** The leaves of a patch, each with the value that stands there afterwards where the answer tells: null takes away. */
function collect(patch: JsonObject, after: JsonValue | undefined, path: string, values: PatchedValue[]): void {
  for (const [key, value] of Object.entries(patch)) {
    const here = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const result = isJsonObject(after) && Object.hasOwn(after, key) ? after[key] : undefined;
    if (value === null) values.push({ op: 'remove', path: here });
    else if (isJsonObject(value) && Object.keys(value).length > 0) collect(value, result, here, values);
    else values.push({ op: 'set', path: here, value });
  }
}

/** A subresource may answer another kind (a Scale), a failure a Status: those say nothing of the object. */
function isSameKind(object: JsonObject, { subresource }: RecordedCall): boolean {
  return object['kind'] !== 'Status' && (subresource === '' || subresource === 'status' || subresource === 'scale');
}

/** The latest state of each object, as the answers of a session tell it. Bounded: the least recently seen is forgotten. */
export interface KnownObjects {
  before(call: RecordedCall): JsonObject | undefined;
  note(call: RecordedCall): void;
}

/** An object that is written is, nearly always, one that was read or written a moment ago. */
const mostObjects = 256;
/** Of a larger one, in characters, the diff is not what a person reads. */
const largestObject = 256 * 1024;

export function createKnownObjects(): KnownObjects {
  const states = new Map<string, JsonObject>();
  const keyOf = ({ api_group, resource, subresource, namespace, name }: RecordedCall): string =>
    // A Scale is an object of its own; the status is part of the whole.
    [api_group, resource, subresource === 'status' ? '' : subresource, namespace, name].join('\n');
  return {
    before: (call) => (call.name === '' ? undefined : states.get(keyOf(call))),
    note(call) {
      const key = keyOf(call);
      if (call.name === '' || call.code >= 300 || call.code < 200 || isDryRun(call) || isConnect(call)) return;
      if (call.verb === 'delete') {
        states.delete(key);
        return;
      }
      if (!['get', 'create', 'update', 'patch'].includes(call.verb)) return;
      if (call.response_body.length > largestObject || isTooDeep(call.response_body)) {
        states.delete(key);
        return;
      }
      const object = objectIn(call.response_body);
      const { kind } = object ?? {};
      states.delete(key);
      // A Table or bare metadata is another view of it: what follows could not be compared with that.
      if (object === undefined || kind === 'Status' || kind === 'Table' || kind === 'PartialObjectMetadata') return;
      states.set(key, object);
      const [oldest] = states.keys();
      if (states.size > mostObjects && oldest !== undefined) states.delete(oldest);
    },
  };
}

import type { Operation } from '@holdpoint/core';
import type { Answer, Caller } from './caller.ts';
import { isWritten, resourceNameOf, type Served } from './discovery.ts';
import { changedStatus, type MinimalObject } from './minimal-objects.ts';

/** One write verb of one served resource. */
export interface Row {
  served: Served;
  /** `patch` stands once for each type. */
  verb: 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'connect';
  /** A patch's type, a connection's method; else empty. */
  how: string;
}

const patchTypes = ['json', 'merge', 'strategic', 'apply'] as const;
type PatchType = (typeof patchTypes)[number];

const contentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** HTTP's word for a verb, as discovery names the methods that a connection takes. */
const methods: Readonly<Record<string, string>> = {
  get: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

const readVerbs: readonly string[] = ['get', 'list', 'watch'];

/** A connection takes options instead of an object: that is how discovery tells it. */
export function isConnection({ responseKind }: Served): boolean {
  return responseKind.kind.endsWith('Options');
}

/** The rows of what is served. Throws for a verb that nobody has heard of. */
export function rowsOf(served: Served): Row[] {
  if (isConnection(served)) {
    return served.verbs.map((verb) => ({ served, verb: 'connect', how: methodOf(verb) }));
  }
  return served.verbs.flatMap((verb): Row[] => {
    if (readVerbs.includes(verb)) return [];
    switch (verb) {
      case 'create':
      case 'update':
      case 'delete':
      case 'deletecollection':
        return [{ served, verb, how: '' }];
      case 'patch':
        return patchTypes.map((how) => ({ served, verb, how }));
      default:
        throw new Error(`${resourceNameOf(served)} is served with a verb that nobody knows: ${verb}`);
    }
  });
}

export function nameOfRow({ served, verb, how }: Row): string {
  return `${verb}${how === '' ? '' : `:${how}`} ${resourceNameOf(served)} ${served.version}`;
}

/** What admission calls it. */
export function operationOf({ verb }: Row): Operation {
  switch (verb) {
    case 'create':
      return 'CREATE';
    case 'update':
    case 'patch':
      return 'UPDATE';
    case 'delete':
    case 'deletecollection':
      return 'DELETE';
    case 'connect':
      return 'CONNECT';
  }
}

export interface RequestContext {
  namespace: string;
  objects: Readonly<Record<string, MinimalObject>>;
  /** Reads what is changed. */
  admin: Caller;
}

/** `dryRun`: nothing is written, whatever becomes of it. */
export interface SendOptions {
  dryRun: boolean;
}

/** Sends a row's request; once more when what was read meanwhile changed, as controllers do. */
export async function sendRow(
  row: Row,
  caller: Caller,
  context: RequestContext,
  { dryRun }: SendOptions,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const { method, path, query, body, contentType } = await requestOf(row, context);
    const text = new URLSearchParams({ ...query, ...(dryRun && row.verb !== 'connect' ? { dryRun: 'All' } : {}) });
    const answer = await caller.send(method, `${path}?${text.toString()}`, body, contentType);
    if (answer.code !== 409 || attempt === 5) return answer;
  }
}

interface RawRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body?: unknown;
  contentType?: string;
}

async function requestOf(row: Row, context: RequestContext): Promise<RawRequest> {
  const { served, verb, how } = row;
  const minimal = minimalOf(served, context);
  const { existing, created } = namesOf(minimal);
  const collection = collectionPathOf(served, context.namespace);
  const subpath = served.subresource === '' ? '' : `/${served.subresource}`;
  const path = `${collection}/${existing}${subpath}`;
  switch (verb) {
    case 'create': {
      if (served.subresource === '') {
        const body = objectOf(served, minimal, created, context.namespace);
        return { method: 'POST', path: collection, query: {}, body };
      }
      const body = minimal.created?.[served.subresource];
      if (body === undefined) throw new Error(`no body is known for ${nameOfRow(row)}`);
      const metadata = { name: existing, namespace: context.namespace };
      return { method: 'POST', path, query: {}, body: { ...body, metadata } };
    }
    case 'delete':
      return { method: 'DELETE', path, query: {} };
    case 'deletecollection':
      return { method: 'DELETE', path: collection, query: { fieldSelector: `metadata.name=${existing}` } };
    case 'connect':
      return { method: how, path, query: connectionQueryOf(served) };
    case 'update':
    case 'patch': {
      const change = changeOf(served, minimal);
      if (verb === 'patch' && (how === 'merge' || how === 'strategic')) {
        return { method: 'PATCH', path, query: {}, body: change, contentType: contentTypes[how] };
      }
      if (how === 'apply') {
        const { responseKind: kind } = served;
        const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
        const body = { apiVersion, kind: kind.kind, ...change };
        const query = { fieldManager: 'matrix', force: 'true' };
        return { method: 'PATCH', path, query, body, contentType: contentTypes.apply };
      }
      // What only takes updates (`namespaces/finalize`) is read where it lies.
      const readFrom = served.verbs.includes('get') ? path : `${collection}/${existing}`;
      const current = await context.admin.get<Record<string, unknown>>(readFrom);
      const merged = mergeInto(current, change) as Record<string, unknown>;
      if (verb === 'update') return { method: 'PUT', path, query: {}, body: merged };
      const operations = Object.keys(change).map((key) => ({ op: 'add', path: `/${key}`, value: merged[key] }));
      return { method: 'PATCH', path, query: {}, body: operations, contentType: contentTypes.json };
    }
  }
}

/** Creates what the rows are about. What is there already is as good. */
export async function createExisting(served: Served, context: RequestContext): Promise<void> {
  const minimal = minimalOf(served, context);
  const body = objectOf(served, minimal, namesOf(minimal).existing, context.namespace);
  const answer = await context.admin.send('POST', collectionPathOf(served, context.namespace), body);
  if (answer.code === 201 || (answer.code === 409 && answer.text.includes('AlreadyExists'))) return;
  throw new Error(`the object of ${resourceNameOf(served)} cannot be made: ${answer.text}`);
}

function minimalOf(served: Served, { objects }: RequestContext): MinimalObject {
  const key = resourceNameOf({ ...served, subresource: '' });
  const minimal = objects[key];
  if (minimal === undefined) throw new Error(`no minimal object is known for ${key}: say what it is`);
  return minimal;
}

function namesOf({ names = { existing: 'matrix', created: 'matrix-new' } }: MinimalObject) {
  return names;
}

function objectOf(served: Served, { body }: MinimalObject, name: string, namespace: string): object {
  const { group, version, namespaced } = served;
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind: served.responseKind.kind,
    // A question to the server has no name.
    metadata: isWritten(served) || served.resource === 'bindings' ? { name, ...(namespaced ? { namespace } : {}) } : {},
    ...named(served, body, name),
  };
}

/** What repeats the name: a definition (`plural.group`), an APIService (`version.group`). */
function named({ resource }: Served, body: object, name: string): object {
  const [first = ''] = name.split('.');
  if (resource === 'customresourcedefinitions') {
    const kind = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
    const names = { plural: first, singular: first, kind, listKind: `${kind}List` };
    return mergeInto(body, { spec: { names } }) as object;
  }
  return resource === 'apiservices' ? (mergeInto(body, { spec: { version: first } }) as object) : body;
}

/** Something that is another value than before: an update that changes nothing is nobody's business. */
function changeOf({ resource, group, subresource }: Served, minimal: MinimalObject): object {
  if (subresource === '') return minimal.change ?? { metadata: { labels: { matrix: 'changed' } } };
  const change = minimal.subresources?.[subresource] ?? (subresource === 'status' ? changedStatus : undefined);
  if (change === undefined) throw new Error(`no change is known for ${resource}.${group}/${subresource}`);
  return change;
}

function connectionQueryOf({ subresource }: Served): Record<string, string> {
  if (subresource === 'exec') return { command: 'true', stdout: 'true' };
  return subresource === 'attach' ? { stdout: 'true' } : {};
}

export function collectionPathOf({ group, version, resource, namespaced }: Served, namespace: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? `/namespaces/${namespace}` : ''}/${resource}`;
}

function methodOf(verb: string): string {
  const method = methods[verb];
  if (method === undefined) throw new Error(`a connection with a verb that nobody knows: ${verb}`);
  return method;
}

/** As a merge patch does: objects are merged, everything else is replaced. */
function mergeInto(current: unknown, change: unknown): unknown {
  if (!isRecord(current) || !isRecord(change)) return change;
  const merged = { ...current };
  for (const [key, value] of Object.entries(change)) merged[key] = mergeInto(current[key], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

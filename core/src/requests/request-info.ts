import { parseFieldSelector, requiredValues } from './field-selector.ts';
import { parseTarget, valuesOf, type QueryParameters } from './request-path.ts';

/** What a request is about, exactly as the API server's authorizer will see it. Source: apiserver request/requestinfo.go. */
export interface RequestInfo {
  isResourceRequest: boolean;
  /** Decoded, without the query. */
  path: string;
  /** get, list, watch, create …; of a non-resource URL, the method in lower case. Empty: a method Kubernetes has no verb for. */
  verb: string;
  /** `api`, `apis`; empty for a non-resource URL. */
  apiPrefix: string;
  apiGroup: string;
  apiVersion: string;
  /** Empty for cluster-scoped requests, and for those across all namespaces. */
  namespace: string;
  resource: string;
  subresource: string;
  /** Empty for a collection, and for a create. */
  name: string;
}

/** Why a URL is not even judged: what the API server would make of it cannot be told for certain. */
export interface RequestRefusal {
  refused: true;
  code: 400;
  message: string;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** Verbs that stand in the path itself: /api/v1/watch/…, and the long gone /api/v1/proxy/…. */
const verbsInPath = new Set(['proxy', 'watch']);
const namespaceSubresources = new Set(['status', 'finalize']);

/** A request line, read. What is judged by it, and what is to be forwarded, are the same. */
export interface RequestReading {
  info: RequestInfo;
  query: QueryParameters;
  /** The request target, spelled anew from what was read. */
  target: string;
}

/**
 * Reads a request line. Total: what is ambiguous (encoded slashes, dot segments, double slashes, an absolute URL, one
 * parameter said twice) is a refusal, because two readers of it may disagree, and the other one is the API server.
 *
 * @param url the request target, as sent
 */
export function readRequestLine(method: string, url: string): RequestReading | RequestRefusal {
  const parsed = parseTarget(url);
  if ('reason' in parsed) return refusal(parsed.reason);
  const { path, segments, query, canonical } = parsed;
  const info = infoOf(method, path, segments, query);
  if ('refused' in info) return info;
  const repeated = info.isResourceRequest && !isTunnel(info) ? repeatedParameter(query) : undefined;
  if (repeated !== undefined) return refusal(`its query has the parameter "${repeated}" more than once`);
  return { info, query, target: canonical };
}

/** What a request line is about: see {@link readRequestLine}. */
export function requestInfoOf(method: string, url: string): RequestInfo | RequestRefusal {
  const reading = readRequestLine(method, url);
  return 'refused' in reading ? reading : reading.info;
}

function infoOf(
  method: string,
  path: string,
  segments: readonly string[],
  query: QueryParameters,
): RequestInfo | RequestRefusal {
  const info: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };

  const [prefix = ''] = segments;
  let parts = segments.slice(1);
  if (segments.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return info;
  let group = '';
  if (prefix === 'apis') {
    if (parts.length < 3) return info;
    [group = '', ...parts] = parts;
  }
  const [version = '', ...rest] = parts;
  parts = rest;
  Object.assign(info, { isResourceRequest: true, apiPrefix: prefix, apiGroup: group, apiVersion: version });

  info.verb = verbs[method] ?? '';
  if (verbsInPath.has(parts[0] ?? '')) {
    if (parts.length < 2) return refusal('the path ends where a resource is expected');
    [info.verb = '', ...parts] = parts;
  }
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    info.namespace = parts[1];
    if (parts[2] !== undefined && !namespaceSubresources.has(parts[2])) parts = parts.slice(2);
  }
  info.resource = parts[0] ?? '';
  info.name = parts[1] ?? '';
  if (info.verb !== 'proxy') info.subresource = parts[2] ?? '';

  if (info.name === '' && info.verb === 'get') {
    const names = namesAskedFor(query);
    if (names.length > 1) return refusal('its field selector asks for two names at once');
    info.verb = isTrue(valuesOf(query, 'watch')) ? 'watch' : 'list';
    info.name = names[0] ?? '';
  }
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection';
  return info;
}

/** Lists, in the API's own options. Of any other parameter the API server takes the first value, and others the last. */
const mayRepeat = new Set(['command', 'dryRun', 'ports']);

function repeatedParameter(query: QueryParameters): string | undefined {
  const seen = new Set<string>();
  for (const [name] of query) {
    if (seen.has(name) && !mayRepeat.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** True when the answer will be a stream of watch events. */
export function isWatch(info: RequestInfo): boolean {
  return info.isResourceRequest && info.verb === 'watch';
}

/** `…/proxy` in any spelling: nodes, pods, services, and the verb in the path that API servers no longer serve. */
export function isTunnel(info: RequestInfo): boolean {
  return info.isResourceRequest && (info.subresource === 'proxy' || info.verb === 'proxy');
}

const streams = new Set(['pods/exec', 'pods/attach', 'pods/portforward']);

/** exec, attach and port-forward: connections that admission knows as CONNECT. */
export function isStream(info: RequestInfo): boolean {
  return info.isResourceRequest && info.apiGroup === '' && streams.has(`${info.resource}/${info.subresource}`);
}

/** Source: apimachinery runtime/conversion.go, Convert_Slice_string_To_bool: whatever is not "false" or "0" is true. */
function isTrue(values: readonly string[]): boolean {
  const [first] = values;
  return first !== undefined && first.toLowerCase() !== 'false' && first !== '0';
}

/** A list narrowed to one name is authorized, and so judged, under that name. */
function namesAskedFor(query: QueryParameters): string[] {
  const terms = parseFieldSelector(valuesOf(query, 'fieldSelector')[0] ?? '') ?? [];
  return requiredValues(terms, 'metadata.name').filter(
    (name) => name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name),
  );
}

function refusal(reason: string): RequestRefusal {
  return { refused: true, code: 400, message: `the request's URL is refused: ${reason}` };
}

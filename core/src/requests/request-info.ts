import { parsePath } from './request-path.ts';

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

/**
 * Reads a request line. Total: what is ambiguous (encoded slashes, dot segments, double slashes, an absolute URL) is a
 * refusal, because two readers of such a path may disagree, and the other one is the API server.
 *
 * @param url the request target, as sent
 */
export function requestInfoOf(method: string, url: string): RequestInfo | RequestRefusal {
  const parsed = parsePath(url);
  if ('reason' in parsed) return refusal(parsed.reason);
  const info: RequestInfo = {
    isResourceRequest: false,
    path: parsed.path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };

  const [prefix = ''] = parsed.segments;
  let parts = parsed.segments.slice(1);
  if (parsed.segments.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return info;
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
    info.verb = isTrue(parsed.query('watch')) ? 'watch' : 'list';
    info.name = exactName(parsed.query('fieldSelector'));
  }
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection';
  return info;
}

/** True when the answer will be a stream of watch events. */
export function isWatch(info: RequestInfo): boolean {
  return info.isResourceRequest && info.verb === 'watch';
}

/** Source: apimachinery runtime/conversion.go, Convert_Slice_string_To_bool: whatever is not "false" or "0" is true. */
function isTrue(values: readonly string[]): boolean {
  const [first] = values;
  return first !== undefined && first.toLowerCase() !== 'false' && first !== '0';
}

/** A list narrowed to one name is authorized, and so judged, under that name. */
function exactName(selectors: readonly string[]): string {
  for (const term of (selectors[0] ?? '').split(',')) {
    const [, name = ''] = /^metadata\.name={1,2}([^=!\\]+)$/.exec(term.trim()) ?? [];
    if (name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name)) return name;
  }
  return '';
}

function refusal(reason: string): RequestRefusal {
  return { refused: true, code: 400, message: `the request's URL is refused: ${reason}` };
}

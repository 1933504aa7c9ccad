import {
  HoldpointError,
  isJsonObject,
  messageOf,
  parseAdmissionReview,
  type AdmissionRequest,
  type JsonObject,
  type JsonValue,
} from '@holdpoint/core';

/** A request to judge, and what is expected of that. */
export interface Example {
  where: string;
  name?: string;
  request: AdmissionRequest;
  namespaceObject: JsonValue;
  expect?: 'Allow' | 'Hold' | 'Deny';
  expectRule?: string;
}

/**
 * Reads an example: an AdmissionReview as the API server sends it, or the short form (docs/reference/cli.md), either with
 * `expect`, `expectRule` and `namespaceLabels` beside it.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the place within `where`
 */
export function parseExample(document: unknown, where: string): Example {
  const invalid = (message: string): HoldpointError => new HoldpointError('ERR_CONFIG_INVALID', `${where}: ${message}`);
  if (!isJsonObject(document)) throw invalid('expected an object');
  const { expect, expectRule, name, namespaceLabels } = document;
  if (expect !== undefined && expect !== 'Allow' && expect !== 'Hold' && expect !== 'Deny') {
    throw invalid('expect: expected Allow, Hold or Deny');
  }
  if (expectRule !== undefined && typeof expectRule !== 'string') throw invalid('expectRule: expected a name');
  const review = document['kind'] === 'AdmissionReview' ? document : reviewOf(document, invalid);
  let request: AdmissionRequest;
  try {
    request = parseAdmissionReview(review);
  } catch (cause) {
    throw invalid(messageOf(cause));
  }
  if (namespaceLabels !== undefined && !isJsonObject(namespaceLabels))
    throw invalid('namespaceLabels: expected an object');
  const isNamespaced = request.namespace !== '';
  const labels = { 'kubernetes.io/metadata.name': request.namespace, ...namespaceLabels };
  return {
    where,
    ...(typeof name === 'string' && document['kind'] !== 'AdmissionReview' && { name }),
    request,
    namespaceObject: isNamespaced
      ? { apiVersion: 'v1', kind: 'Namespace', metadata: { name: request.namespace, labels } }
      : null,
    ...(expect === undefined ? {} : { expect }),
    ...(expectRule === undefined ? {} : { expectRule }),
  };
}

const fields = [
  ...['name', 'user', 'operation', 'resource', 'subresource', 'object', 'oldObject', 'options', 'objectName'],
  ...['namespace', 'namespaceLabels', 'dryRun', 'expect', 'expectRule'],
];

/** The short form: who, what operation, on which resource (`deployments.v1.apps`), and the object before and after. */
function reviewOf(document: JsonObject, invalid: (message: string) => HoldpointError): JsonObject {
  const unknown = Object.keys(document).find((key) => !fields.includes(key));
  if (unknown !== undefined) throw invalid(`${unknown}: no such field; there are ${fields.join(', ')}`);
  const { user, operation, resource, subresource = '', object = null, oldObject = null, options = null } = document;
  if (!isJsonObject(user)) throw invalid('user: expected username and groups');
  if (typeof resource !== 'string')
    throw invalid('resource: expected RESOURCE.VERSION.GROUP, such as deployments.v1.apps or pods.v1');
  const [plural = '', version, ...group] = resource.split('.');
  if (version === undefined) throw invalid(`resource: "${resource}": expected RESOURCE.VERSION.GROUP`);
  const shown = isJsonObject(object) ? object : isJsonObject(oldObject) ? oldObject : {};
  const metadata = isJsonObject(shown['metadata']) ? shown['metadata'] : {};
  const gvr = { group: group.join('.'), version, resource: plural };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'example',
      kind: { group: gvr.group, version, kind: typeof shown['kind'] === 'string' ? shown['kind'] : '' },
      resource: gvr,
      subResource: subresource,
      operation: operation ?? null,
      namespace: document['namespace'] ?? metadata['namespace'] ?? '',
      name: document['objectName'] ?? metadata['name'] ?? '',
      userInfo: user,
      object,
      oldObject,
      options,
      dryRun: document['dryRun'] ?? false,
    },
  };
}

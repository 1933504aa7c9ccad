import { extraKeys } from '../identity/user-info.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { maskObject, type Assumed } from '../masking/mask-object.ts';
import type { Mask } from '../masking/mask.ts';

/** One row of `audit_events`: an event of the API server, flattened. Column names as in ClickHouse. */
export interface AuditRow {
  event_hash: string;
  /** RFC 3339: when the API server received the request. */
  event_time: string;
  stage: string;
  audit_id: string;
  verb: string;
  /** Who acted: the impersonated user where there is one, else the authenticated. */
  username: string;
  groups: string[];
  /** Who proved who they are: the proxy's account for what came through it. */
  authenticated_as: string;
  session: string;
  request_id: string;
  command: string;
  on_behalf_of: string;
  source_ips: string[];
  user_agent: string;
  api_group: string;
  api_version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  request_uri: string;
  code: number;
  message: string;
  decision: string;
  policy: string;
  rule: string;
  hold: string;
  decision_reason: string;
  /** JSON, masked; empty when the API server recorded none. */
  request_body: string;
  response_body: string;
  annotations: string;
  /** Why the event is only a stub; empty for a whole one. */
  stub: string;
}

/** A body past this is stored as its size and hash: one object of the API server is at most 3 MiB. */
const maxBodyLength = 4 * 1024 * 1024;

export interface ToAuditRowParts {
  mask: Mask;
  /** Keyed: an event's hash must not let anybody guess what was masked in it. */
  hmac: (text: string) => string;
  /** RFC 3339: stands in for a time that the event does not tell. */
  receivedAt: string;
}

/** Flattens one audit.k8s.io/v1 Event. Total: what is broken becomes a stub with its hash, never nothing. */
export function toAuditRow(event: JsonValue, { mask, hmac, receivedAt }: ToAuditRowParts): AuditRow {
  const text = JSON.stringify(event);
  const hash = hmac(text);
  if (!isJsonObject(event)) return stubRow(hash, receivedAt, 'not an object');
  const auditId = stringIn(event, 'auditID');
  if (auditId === '') return stubRow(hash, receivedAt, 'no auditID');

  const objectRef = objectIn(event, 'objectRef');
  const authenticated = objectIn(event, 'user');
  const impersonated = isJsonObject(event['impersonatedUser']) ? event['impersonatedUser'] : undefined;
  const actor = impersonated ?? authenticated;
  const extra = objectIn(actor, 'extra');
  const annotations = objectIn(event, 'annotations');
  const status = objectIn(event, 'responseStatus');
  const about = secretIn(objectRef);
  const body = (key: 'requestObject' | 'responseObject'): string => bodyOf(event[key], about, mask, hmac);
  return {
    event_hash: hash,
    event_time: stringIn(event, 'requestReceivedTimestamp') || receivedAt,
    stage: stringIn(event, 'stage'),
    audit_id: auditId,
    verb: stringIn(event, 'verb'),
    username: stringIn(actor, 'username'),
    groups: stringsIn(actor, 'groups'),
    authenticated_as: stringIn(authenticated, 'username'),
    session: firstIn(extra, extraKeys.session),
    request_id: firstIn(extra, extraKeys.request),
    command: firstIn(extra, extraKeys.command),
    on_behalf_of: firstIn(extra, extraKeys.onBehalfOf),
    source_ips: stringsIn(event, 'sourceIPs'),
    user_agent: stringIn(event, 'userAgent'),
    api_group: stringIn(objectRef, 'apiGroup'),
    api_version: stringIn(objectRef, 'apiVersion'),
    resource: stringIn(objectRef, 'resource'),
    subresource: stringIn(objectRef, 'subresource'),
    namespace: stringIn(objectRef, 'namespace'),
    name: stringIn(objectRef, 'name'),
    request_uri: stringIn(event, 'requestURI'),
    code: typeof status['code'] === 'number' ? status['code'] : 0,
    // The API server's own error messages echo values of what they are about.
    message: about === undefined ? stringIn(status, 'message') : '',
    decision: annotationIn(annotations, 'decision'),
    policy: annotationIn(annotations, 'policy'),
    rule: annotationIn(annotations, 'rule'),
    hold: annotationIn(annotations, 'hold'),
    decision_reason: annotationIn(annotations, 'reason'),
    request_body: body('requestObject'),
    response_body: body('responseObject'),
    annotations: JSON.stringify(annotations),
    stub: '',
  };
}

/** The webhooks whose word a decision is: on a write, and on a hold. */
const decisionPrefixes = ['judge.holdpoint.dev/', 'decide.holdpoint.dev/'];

function annotationIn(annotations: JsonObject, key: string): string {
  for (const prefix of decisionPrefixes) {
    const value = annotations[`${prefix}${key}`];
    if (typeof value === 'string') return value;
  }
  return '';
}

/** What a body is taken for when it does not say: a patch of a Secret carries no kind of its own. */
function secretIn(objectRef: JsonObject): Assumed | undefined {
  if (stringIn(objectRef, 'resource') !== 'secrets' || stringIn(objectRef, 'apiGroup') !== '') return undefined;
  return { kind: 'Secret', namespace: stringIn(objectRef, 'namespace'), name: stringIn(objectRef, 'name') };
}

function bodyOf(
  body: JsonValue | undefined,
  about: Assumed | undefined,
  mask: Mask,
  hmac: (text: string) => string,
): string {
  if (body === undefined || body === null) return '';
  const text = JSON.stringify(maskObject(body, mask, about));
  return text.length <= maxBodyLength
    ? text
    : JSON.stringify({ stub: 'too large', length: text.length, hash: hmac(text) });
}

function stubRow(hash: string, receivedAt: string, why: string): AuditRow {
  return {
    event_hash: hash,
    event_time: receivedAt,
    stage: '',
    audit_id: '',
    verb: '',
    username: '',
    groups: [],
    authenticated_as: '',
    session: '',
    request_id: '',
    command: '',
    on_behalf_of: '',
    source_ips: [],
    user_agent: '',
    api_group: '',
    api_version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    request_uri: '',
    code: 0,
    message: '',
    decision: '',
    policy: '',
    rule: '',
    hold: '',
    decision_reason: '',
    request_body: '',
    response_body: '',
    annotations: '{}',
    stub: why,
  };
}

function objectIn(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}

function stringIn(parent: JsonObject, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

function stringsIn(parent: JsonObject, key: string): string[] {
  const value = parent[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function firstIn(extra: JsonObject, key: string): string {
  return stringsIn(extra, key)[0] ?? '';
}

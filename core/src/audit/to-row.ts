import { messageOf } from '../errors.ts';
import { canonicalJson } from '../holds/canonical-json.ts';
import { extraKeys, extraOf, type UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { Mask } from '../masking/mask.ts';
import type { AuditEvent, AuditItem } from './audit-event.ts';
import { emptyRow, type AuditRow, type AuditSource } from './audit-row.ts';
import { maskText } from '../masking/mask-text.ts';
import { maskUri } from '../masking/mask-uri.ts';
import { maskEnvelope, maskEvent } from './mask-event.ts';

/** Lower-case hex of the SHA-256 of the text's UTF-8 bytes. */
export type Sha256 = (text: string) => string;

export interface RowOptions {
  mask: Mask;
  sha256: Sha256;
  source: AuditSource;
  /** The account that the proxy impersonates through. */
  proxyUsername: string;
  /** An event whose bodies are longer, together, is kept without them. In UTF-16 units. */
  maxBodyLength: number;
  /** Now, as the store writes times: when a broken event came. */
  now: string;
}

/** Our webhook's name stands in front of its audit annotations. */
const judge = 'judge.holdpoint.dev/';

/** Turns one item of a batch into a row. Total: what is broken or too large becomes a stub that has its hash. */
export function toRow(item: AuditItem, options: RowOptions): AuditRow {
  if (item.type === 'Broken') return brokenRow(item.value, item.reason, options);
  const { event } = item;
  let masked: AuditEvent;
  let bodies: { request_body: string; response_body: string };
  try {
    masked = { ...event, ...maskEvent(event, options.mask) };
    bodies = { request_body: bodyOf(masked.requestObject), response_body: bodyOf(masked.responseObject) };
  } catch (error) {
    // A body nested deeper than the stack. What was not masked is not kept; the rest of the event is.
    const envelope = { ...event, ...maskEnvelope(event, options.mask), responseStatus: {}, annotations: {} };
    const known = { ...knownOf(envelope, options), broken: brokenBody(error) };
    known.event_hash = hashOf(known, envelope, options);
    return known;
  }
  const row = { ...knownOf(masked, options), ...bodies };
  row.event_hash = hashOf(row, masked, options);
  const length = bodies.request_body.length + bodies.response_body.length;
  if (length <= options.maxBodyLength) return row;
  const broken = `oversize: the bodies, ${String(length)} characters, are not kept`;
  return { ...row, request_body: '', response_body: '', broken };
}

function knownOf(event: AuditEvent, { proxyUsername, source }: RowOptions): AuditRow {
  const { objectRef, impersonatedUser, user, annotations, responseStatus } = event;
  const agent = impersonatedUser ?? user;
  return {
    ...emptyRow,
    event_time: event.receivedAt,
    stage_time: event.stageAt,
    source,
    audit_id: event.auditId,
    stage: event.stage,
    level: event.level,
    verb: event.verb,
    username: agent.username,
    user_uid: agent.uid ?? '',
    groups: agent.groups,
    extra: agent.extra,
    impersonator: impersonatedUser === undefined ? '' : user.username,
    via_proxy: impersonatedUser !== undefined && user.username === proxyUsername,
    session: extra(agent, extraKeys.session),
    request_id: extra(agent, extraKeys.request),
    invocation: extra(agent, extraKeys.invocation),
    command: extra(agent, extraKeys.command),
    on_behalf_of: extra(agent, extraKeys.onBehalfOf),
    source_ips: event.sourceIps,
    user_agent: event.userAgent,
    api_group: objectRef.apiGroup,
    api_version: objectRef.apiVersion,
    resource: objectRef.resource,
    subresource: objectRef.subresource,
    namespace: objectRef.namespace,
    name: objectRef.name,
    request_uri: event.requestUri,
    code: codeOf(responseStatus),
    reason: textOf(responseStatus['reason']),
    message: textOf(responseStatus['message']),
    decision: annotations[`${judge}decision`] ?? '',
    policy: annotations[`${judge}policy`] ?? '',
    rule: annotations[`${judge}rule`] ?? '',
    hold: annotations[`${judge}hold`] ?? '',
    grant_name: annotations[`${judge}grant`] ?? '',
    judged_session: annotations[`${judge}session`] ?? '',
    annotations,
  };
}

/**
 * The identity of an event: the API server sends whole batches again, and an Audit-ID is the client's to choose. Over the
 * masked event, because a plain hash of a secret value would confirm a guess of it; a mask is keyed.
 */
function hashOf(row: AuditRow, { user }: AuditEvent, { sha256 }: RowOptions): string {
  // Neither how it came nor what is known of policies today is part of what happened.
  const {
    event_hash: _none,
    source: _how,
    governed: _known,
    bypass: _judged,
    request_body,
    response_body,
    ...rest
  } = row;
  // Columns have one order; what comes as a map has the sender's. Sorting just these costs a tenth of canonical JSON.
  const [annotations, extra] = [sorted(row.annotations), sorted(row.extra)];
  const authenticated = [user.username, user.uid, user.groups, sorted(user.extra)];
  return sha256(
    `${JSON.stringify([{ ...rest, annotations, extra }, authenticated])}\n${request_body}\n${response_body}`,
  );
}

function sorted<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What is known of an event that is none. Its bytes are not kept: nobody can say what is secret among them. */
function brokenRow(value: JsonValue, reason: string, { sha256, mask, now, source }: RowOptions): AuditRow {
  const fields = isJsonObject(value) ? value : {};
  const user = isJsonObject(fields['user']) ? fields['user'] : {};
  return {
    ...emptyRow,
    // Through the mask, so that this hash too is keyed.
    event_hash: sha256(mask.ofText({ namespace: '', name: '', key: 'broken-event' }, sha256(textOfAny(value)))),
    event_time: now,
    stage_time: now,
    source,
    audit_id: textOf(fields['auditID']),
    stage: textOf(fields['stage']),
    verb: textOf(fields['verb']),
    username: maskText(textOf(user['username']), mask),
    request_uri: maskUri(textOf(fields['requestURI']), mask),
    broken: `broken: ${maskText(reason, mask)}`,
  };
}

function textOfAny(value: JsonValue): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    return brokenBody(error); // Nested deeper than the stack: its place in the batch is all that can be kept.
  }
}

function brokenBody(error: unknown): string {
  return `broken: the body cannot be read: ${error instanceof RangeError ? 'nested too deep' : messageOf(error)}`;
}

function extra(user: UserInfo, key: (typeof extraKeys)[keyof typeof extraKeys]): string {
  return extraOf(user, key) ?? '';
}

function bodyOf(value: JsonValue | undefined): string {
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The column is a UInt16. */
function codeOf(status: JsonObject): number {
  const { code } = status;
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 65_535 ? code : 0;
}

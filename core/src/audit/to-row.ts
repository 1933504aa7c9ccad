import { messageOf } from '../errors.ts';
import { extraKeys, extraOf, type UserInfo } from '../identity/user-info.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { Mask } from '../masking/mask.ts';
import type { FieldPath } from '../masking/field-path.ts';
import { parseAuditItem, type AuditEvent, type AuditItem, type ObjectReference } from './audit-event.ts';
import { emptyRow, type AuditRow, type AuditSource } from './audit-row.ts';
import { maskText } from '../masking/mask-text.ts';
import { maskUri } from '../masking/mask-uri.ts';
import { toStoreTime } from './event-time.ts';
import { maskEnvelope, maskEvent } from './mask-event.ts';

/** Lower-case hex of the SHA-256 of the text's UTF-8 bytes. */
export type Sha256 = (text: string) => string;

export interface RowOptions {
  mask: Mask;
  sha256: Sha256;
  /** The places that policies name in objects of a resource. @default none */
  fieldsAbout?: (about: ObjectReference) => readonly FieldPath[];
  source: AuditSource;
  /** The account that the proxy impersonates through. */
  proxyUsername: string;
  /** An event whose bodies are longer, together, is kept without them. In UTF-16 units. */
  maxBodyLength: number;
  /** Now, as the store writes times: when an event came that does not tell its time. */
  now: string;
}

/** Our webhook's name stands in front of its audit annotations. */
const judge = 'judge.holdpoint.dev/';

/** At which place the content of an event is masked where its hash stands for it: so that this hash too is keyed. */
const contentPlace = { namespace: '', name: '', key: 'broken-event' };

/**
 * When something happened of which that cannot be read. Not when it came: what is sent again must have the same time
 * again, since by their times the store finds the rows that it has already.
 */
const unknownTime = '1970-01-01 00:00:00.000000';

/** Turns one item of a batch into a row. Total: what is broken or too large becomes a stub that has its hash. */
export function toRow(item: AuditItem, options: RowOptions): AuditRow {
  if (item.type === 'Broken') return brokenRow(item, options);
  try {
    return eventRow(item.event, options);
  } catch (error) {
    // Something nested deeper than the stack. What was not masked is not kept; the rest of the event is.
    const known = knownOf(withoutTelling(item.event, options), options);
    return { ...known, event_hash: contentHashOf(item.contentHash(), options), broken: brokenBody(error) };
  }
}

function eventRow(event: AuditEvent, options: RowOptions): AuditRow {
  const masked = { ...event, ...maskEvent(event, options.mask, options.fieldsAbout?.(event.objectRef)) };
  const row = knownOf(masked, options);
  row.request_body = bodyOf(masked.requestObject);
  row.response_body = bodyOf(masked.responseObject);
  row.broken = maskText(unknownNote(event.unknownFields), options.mask);
  row.event_hash = hashOf(row, masked, options);
  const length = row.request_body.length + row.response_body.length;
  if (length <= options.maxBodyLength) return row;
  const broken = `oversize: the bodies, ${String(length)} characters, are not kept`;
  return { ...row, request_body: '', response_body: '', broken };
}

/** What is told of an item of which only some small fields were kept while it went past: see `toOversizeRow`. */
export interface OversizeItem {
  /** In bytes. */
  length: number;
  /** Lower-case hex of the SHA-256 of its bytes. */
  contentHash: string;
  /** Those of its top-level fields that were small enough. */
  fields: JsonObject;
}

/**
 * The row of an event that was too large to be read as a whole: all that is known of it but its bodies, so that nobody hides
 * what they did, and what was decided on it, by doing it at great length.
 */
export function toOversizeRow({ length, contentHash, fields }: OversizeItem, options: RowOptions): AuditRow {
  const reason = `oversize: the event, ${String(length)} bytes, is not kept`;
  const { requestObject: _sent, responseObject: _answered, ...small } = fields;
  const item = parseAuditItem(small, () => contentHash);
  if (item.type === 'Broken') return { ...brokenRow(item, options), broken: reason };
  const event_hash = contentHashOf(contentHash, options);
  return { ...knownOf(withoutTelling(item.event, options), options), event_hash, broken: reason };
}

/** Without everything that could quote an object which was not masked. What our own webhook said of it never does. */
function withoutTelling(event: AuditEvent, { mask }: RowOptions): AuditEvent {
  const ours = Object.entries(event.annotations).filter(([key]) => key.startsWith(judge));
  return {
    ...event,
    ...maskEnvelope(event, mask),
    requestObject: undefined,
    responseObject: undefined,
    responseStatus: { code: event.responseStatus['code'] ?? null },
    annotations: Object.fromEntries(ours),
  };
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
function hashOf(row: AuditRow, event: AuditEvent, options: RowOptions): string {
  const { user, authenticationMetadata, unknownFields } = event;
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
  const authenticated = [user.username, user.uid, user.groups, sorted(user.extra), sorted(authenticationMetadata)];
  const unknown = row.broken === '' ? '' : contentHashOf(JSON.stringify(sorted(unknownFields)), options);
  return options.sha256(
    `${JSON.stringify([{ ...rest, annotations, extra }, authenticated, unknown])}\n${request_body}\n${response_body}`,
  );
}

/** A hash that stands for content which was not masked. */
function contentHashOf(content: string, { mask, sha256 }: RowOptions): string {
  return sha256(mask.ofText(contentPlace, sha256(content)));
}

const maxUnknownNames = 10;
const maxUnknownNameLength = 64;

function unknownNote(unknownFields: AuditEvent['unknownFields']): string {
  const names = Object.keys(unknownFields).map((name) => name.slice(0, maxUnknownNameLength));
  if (names.length === 0) return '';
  const more = names.length - maxUnknownNames;
  const shown = names.sort().slice(0, maxUnknownNames).join(', ');
  return `unknown fields: ${shown}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

function sorted<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What is known of an event that is none. Its bytes are not kept: nobody can say what is secret among them. */
function brokenRow(item: Extract<AuditItem, { type: 'Broken' }>, options: RowOptions): AuditRow {
  const { fields } = item;
  const { mask } = options;
  const user = isJsonObject(fields['user']) ? fields['user'] : {};
  const received = toStoreTime(textOf(fields['requestReceivedTimestamp']));
  const staged = toStoreTime(textOf(fields['stageTimestamp']));
  return {
    ...emptyRow,
    event_hash: contentHashOf(item.contentHash(), options),
    event_time: received ?? staged ?? unknownTime,
    stage_time: staged ?? received ?? options.now,
    source: options.source,
    audit_id: maskText(textOf(fields['auditID']), mask),
    stage: maskText(textOf(fields['stage']), mask),
    verb: maskText(textOf(fields['verb']), mask),
    username: maskText(textOf(user['username']), mask),
    request_uri: maskUri(textOf(fields['requestURI']), mask),
    broken: `broken: ${maskText(item.reason, mask)}`,
  };
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

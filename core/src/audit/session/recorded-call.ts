import { isJsonObject, type JsonObject, type JsonValue } from '../../kubernetes/object.ts';
import type { StoredAuditRow } from '../audit-row.ts';

/** The columns of `audit_events` that a replay is made of, by the store's own names. */
export const replayColumns = [
  ...['sink', 'source', 'audit_id', 'stage', 'verb', 'username', 'impersonator', 'via_proxy', 'bypass', 'request_id'],
  ...['invocation', 'command', 'on_behalf_of', 'user_agent', 'api_group', 'resource', 'subresource', 'namespace'],
  ...['name', 'request_uri', 'code', 'reason', 'message', 'decision', 'policy', 'rule', 'hold', 'grant_name'],
  ...['request_body', 'response_body', 'broken'],
] as const satisfies readonly (keyof StoredAuditRow)[];

/** One call of a session, as the store has it. */
export interface RecordedCall extends Pick<
  StoredAuditRow,
  | 'event_time'
  | 'stage_time'
  | 'sink'
  | 'source'
  | 'audit_id'
  | 'stage'
  | 'verb'
  | 'username'
  | 'impersonator'
  | 'via_proxy'
  | 'bypass'
  | 'request_id'
  | 'invocation'
  | 'command'
  | 'on_behalf_of'
  | 'user_agent'
  | 'api_group'
  | 'resource'
  | 'subresource'
  | 'namespace'
  | 'name'
  | 'request_uri'
  | 'code'
  | 'reason'
  | 'message'
  | 'decision'
  | 'policy'
  | 'rule'
  | 'hold'
  | 'grant_name'
  | 'request_body'
  | 'response_body'
  | 'broken'
> {
  /** Its place in the record of its sink, in decimal: it may be beyond what a number can hold. */
  place: string;
}

/** True when the request asked only what would happen. */
export function isDryRun({ request_uri }: Pick<RecordedCall, 'request_uri'>): boolean {
  return /[?&]dryRun=All(?:&|$)/.test(request_uri);
}

/** Milliseconds since 1970 of a time as the store writes it. NaN for another text. */
export function storeTimeMs(time: string): number {
  return Date.parse(`${time.replace(' ', 'T').slice(0, 23)}Z`);
}

/** A body as it is kept: undefined where there is none, or what is no object. */
export function objectIn(body: string): JsonObject | undefined {
  const value = bodyOf(body);
  return isJsonObject(value) ? value : undefined;
}

export function bodyOf(body: string): JsonValue | undefined {
  if (body === '') return undefined;
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    return undefined; // Not written by our sink: whoever shows it says that there is nothing to show.
  }
}

/** Kubernetes' own kinds need some twenty; each level costs stack in whatever compares, writes or prints an object. */
const deepest = 200;

/** True for a JSON text that nothing may walk through: one object nested by the thousand would end whoever replays it. */
export function isTooDeep(body: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < body.length; i += 1) {
    const character = body.charCodeAt(i);
    if (isQuoted) {
      if (character === 0x5c) i += 1;
      else if (character === 0x22) isQuoted = false;
    } else if (character === 0x22) isQuoted = true;
    else if (character === 0x7b || character === 0x5b) depth += 1;
    else if (character === 0x7d || character === 0x5d) depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

/** Who told of a request: the API server by its audit webhook or its audit log file, or the proxy by its transcript. */
export type AuditSource = 'apiserver' | 'file' | 'proxy';

/**
 * One row of `audit_events`, in the order of its columns, which is the order of its JSON line: the spool reads the first two
 * by their place, and the hash chain is over the line. What the loader adds (place in the chain) is not here.
 */
export interface AuditRow {
  /** SHA-256 over the event as it came, masked: its identity. Not over `source`, `governed` and `bypass`. */
  event_hash: string;
  /** When the API server received the request. */
  event_time: string;
  stage_time: string;
  source: AuditSource;
  audit_id: string;
  stage: string;
  level: string;
  verb: string;
  /** Whose permissions applied: the impersonated user, where there was one. */
  username: string;
  user_uid: string;
  groups: readonly string[];
  /** All extras of that user: credential id, pod, and ours. */
  extra: Readonly<Record<string, readonly string[]>>;
  /** Who authenticated, where that is another than `username`. */
  impersonator: string;
  /** True when the proxy impersonated. */
  via_proxy: boolean;
  /** True when a policy in force at the time of intake named this user. */
  governed: boolean;
  /** Why a governed user's write that succeeded looks as if it had gone past us; empty for any other. */
  bypass: string;
  session: string;
  request_id: string;
  /** One run of kubectl (its `Kubectl-Session` header): groups the API calls behind one command. The client's word. */
  invocation: string;
  /** The client's word. */
  command: string;
  on_behalf_of: string;
  source_ips: readonly string[];
  user_agent: string;
  api_group: string;
  api_version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  request_uri: string;
  code: number;
  reason: string;
  message: string;
  decision: string;
  policy: string;
  rule: string;
  hold: string;
  grant_name: string;
  /** The session as the judge saw it. */
  judged_session: string;
  annotations: Readonly<Record<string, string>>;
  request_body: string;
  response_body: string;
  /** Empty for an event that is kept whole; else why it is not. */
  broken: string;
}

/** A row as the store has it. */
export interface StoredAuditRow extends AuditRow {
  /** Place in the record of its sink, from 1, without a gap. */
  sequence: number;
  sink: string;
  /** When its batch was stored, by the sink's clock; never earlier than the batch before. */
  stored_at: string;
  chain: string;
}

/** A row that says nothing yet. Its keys are the columns, in order. */
export const emptyRow: AuditRow = {
  event_hash: '',
  event_time: '',
  stage_time: '',
  source: 'apiserver',
  audit_id: '',
  stage: '',
  level: '',
  verb: '',
  username: '',
  user_uid: '',
  groups: [],
  extra: {},
  impersonator: '',
  via_proxy: false,
  governed: false,
  bypass: '',
  session: '',
  request_id: '',
  invocation: '',
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
  reason: '',
  message: '',
  decision: '',
  policy: '',
  rule: '',
  hold: '',
  grant_name: '',
  judged_session: '',
  annotations: {},
  request_body: '',
  response_body: '',
  broken: '',
};

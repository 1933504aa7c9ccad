/** One row of `audit_events`, in the order of its columns. What the loader adds (place in the hash chain) is not here. */
export interface AuditRow {
  /** When the API server received the request. */
  event_time: string;
  stage_time: string;
  audit_id: string;
  stage: string;
  level: string;
  verb: string;
  /** Whose permissions applied: the impersonated user, where there was one. */
  username: string;
  groups: readonly string[];
  /** Who authenticated, where that is another than `username`. */
  impersonator: string;
  /** True when the proxy impersonated. */
  via_proxy: boolean;
  session: string;
  request_id: string;
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
  /** SHA-256 over everything above as it came, masked: the event's identity. */
  event_hash: string;
}

/** A row that says nothing yet. */
export const emptyRow: Omit<AuditRow, 'event_hash'> = {
  event_time: '',
  stage_time: '',
  audit_id: '',
  stage: '',
  level: '',
  verb: '',
  username: '',
  groups: [],
  impersonator: '',
  via_proxy: false,
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

/** What tells one request from another, where an approval or a grant is used. */
export interface UsingRequest {
  /** AdmissionRequest.uid: new at every call of the API server. */
  requestUid: string;
  /** The proxy's id for one request of its client; absent on the way past the proxy. */
  requestId: string | undefined;
  /** False for creates with `generateName` and for CONNECT, where asking twice is doing twice. */
  mayRepeat: boolean;
  nowMs: number;
}

/**
 * One API request may call admission several times (a stale cache, a conflict in etcd), each call with a new uid and
 * within one request's own time limit. A write that comes past the proxy can be told from its repetition by nothing but time.
 */
const repeatWindowMs = 5_000;

/** True when a request of the same digest is the one that was let through before, asked about again. */
export function isSameRequest(before: { requestId?: string; at: string }, request: UsingRequest): boolean {
  if (!request.mayRepeat) return false;
  if (request.nowMs - Date.parse(before.at) > repeatWindowMs) return false;
  return before.requestId === request.requestId;
}

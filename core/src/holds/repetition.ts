import type { UsingRequest } from './use.ts';

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

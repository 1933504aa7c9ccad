import type { Status } from '@holdpoint/core';
import type { ProxyRequest } from '../request/proxy-request.ts';

/**
 * kubectl answers any failed WebSocket handshake by asking again over SPDY, and shows only what came of that. So the
 * answer to the first is the answer to the second: without this a denied exec would ask its approvers twice, and its
 * user would read about SPDY instead of about the denial.
 */
export interface RecentRefusals {
  remember(request: ProxyRequest, status: Status): void;
  recall(request: ProxyRequest): Status | undefined;
}

/** kubectl falls back within milliseconds. */
const keptMs = 5_000;
const maxKept = 1_000;

export function createRecentRefusals(now: () => number): RecentRefusals {
  const kept = new Map<string, { status: Status; until: number }>();
  return {
    remember(request, status) {
      const key = keyOf(request);
      if (key === undefined) return;
      for (const [each, { until }] of kept) if (until <= now() || kept.size >= maxKept) kept.delete(each);
      kept.set(key, { status, until: now() + keptMs });
    },
    recall(request) {
      const key = keyOf(request);
      const found = key === undefined ? undefined : kept.get(key);
      if (key !== undefined) kept.delete(key);
      return found !== undefined && found.until > now() ? found.status : undefined;
    },
  };
}

/** `Kubectl-Session` is one uuid per run of kubectl; without one there is nothing to tell two runs apart by. */
function keyOf(request: ProxyRequest): string | undefined {
  const run = request.headers['kubectl-session'];
  return typeof run === 'string' ? JSON.stringify([request.user.username, run, request.url]) : undefined;
}

import { isSameRequest, type UsingRequest } from '../holds/repetition.ts';
import { grantPhaseAt } from './grant-phase.ts';
import type { Grant, GrantStatus } from './grant.ts';

/**
 * What a grant that covers a request means for it. `Count`: the caller writes `status` by optimistic concurrency, then answers;
 * a grant without maxUses is only read, for a write by many at once would be a race that nobody needs.
 */
export type GrantUse = { type: 'Pass' } | { type: 'Count'; status: GrantStatus } | { type: 'No' };

/** @param digest of the request, which is worked out only where uses are counted */
export function grantUseOf(grant: Grant, request: UsingRequest, digest: () => string): GrantUse {
  const { status, spec } = grant;
  const phase = grantPhaseAt(grant, request.nowMs);
  if (status === undefined || phase === 'Expired' || phase === 'Revoked') return { type: 'No' };
  if (spec.maxUses === undefined) return { type: 'Pass' };
  const asked = digest();
  if (status.lastUse?.digest === asked && isSameRequest(status.lastUse, request)) return { type: 'Pass' };
  if (phase === 'UsedUp') return { type: 'No' };
  const { requestId, nowMs } = request;
  const lastUse = {
    digest: asked,
    ...(requestId === undefined ? {} : { requestId }),
    at: new Date(nowMs).toISOString(),
  };
  const uses = status.uses + 1;
  return { type: 'Count', status: { ...status, uses, lastUse, phase: uses >= spec.maxUses ? 'UsedUp' : 'Active' } };
}

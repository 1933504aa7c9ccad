import type { Grant, GrantPhase } from './grant.ts';

/** The phase that holds at `now`, whether or not somebody has written it down yet. */
export function grantPhaseAt(grant: Grant, nowMs: number): GrantPhase {
  const { status } = grant;
  if (status === undefined) return 'Expired'; // Written while nobody guarded grants: it was never given.
  if (status.revoked !== undefined) return 'Revoked';
  if (!(nowMs < Date.parse(status.expiresAt))) return 'Expired';
  return grant.spec.maxUses !== undefined && status.uses >= grant.spec.maxUses ? 'UsedUp' : 'Active';
}

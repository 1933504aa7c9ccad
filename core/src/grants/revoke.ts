import type { UserInfo } from '../identity/user-info.ts';
import { grantPhaseAt } from './grant-phase.ts';
import type { Grant, GrantStatus } from './grant.ts';

export interface RevokeInput {
  grant: Grant;
  /** From the request's own userInfo. */
  by: UserInfo;
  /** True when a policy governs them: no agent decides. */
  isGoverned: boolean;
  reason: string | undefined;
  nowMs: number;
}

/**
 * Ends a grant. Whoever may write to grants and is not governed may: taking a permission back needs no quorum.
 *
 * @returns the next status, or why not
 */
export function revokeGrant({
  grant,
  by,
  isGoverned,
  reason,
  nowMs,
}: RevokeInput): { status: GrantStatus } | { refusal: string } {
  const name = grant.metadata.name ?? '';
  if (isGoverned) return { refusal: `${by.username} may not revoke grant ${name}: a governed subject decides nothing` };
  const phase = grantPhaseAt(grant, nowMs);
  if (phase !== 'Active' || grant.status === undefined) {
    return { refusal: `grant ${name} is ${phase}: there is nothing left to revoke` };
  }
  const revoked = {
    by: by.username,
    ...(reason === undefined || reason === '' ? {} : { reason }),
    at: new Date(nowMs).toISOString(),
  };
  return { status: { ...grant.status, phase: 'Revoked', revoked } };
}

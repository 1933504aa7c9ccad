import type { Hold } from '../holds/hold.ts';
import { phaseAt } from '../holds/phase.ts';
import type { NotifiedPhase } from '../policy/access-policy.ts';

/** A moment in a hold's life, and when it was. */
export interface ReachedPhase {
  phase: NotifiedPhase;
  /** Milliseconds since the epoch. */
  atMs: number;
}

/**
 * Every phase that a hold has been through by `nowMs`, in order. A hold that time has ended is ended, whether or not somebody
 * has written it down yet.
 */
export function reachedPhases(hold: Hold, nowMs: number): ReachedPhase[] {
  const { metadata, spec, status } = hold;
  const reached: ReachedPhase[] = [{ phase: 'Pending', atMs: msOf(metadata.creationTimestamp) ?? nowMs }];
  const decisions = status?.decisions ?? [];
  const lastAt = (verdict: 'approve' | 'deny'): number | undefined =>
    msOf(decisions.findLast((decision) => decision.verdict === verdict)?.at);
  // Set when the last approval that was needed came in, and kept: a hold with too few approvals has none.
  if (status?.useBefore !== undefined) reached.push({ phase: 'Approved', atMs: lastAt('approve') ?? nowMs });
  switch (phaseAt(hold, nowMs)) {
    case 'Denied':
      reached.push({ phase: 'Denied', atMs: lastAt('deny') ?? nowMs });
      break;
    case 'Used':
      reached.push({ phase: 'Used', atMs: msOf(status?.usedBy?.at) ?? nowMs });
      break;
    case 'Expired':
      reached.push({ phase: 'Expired', atMs: msOf(spec.expiresAt) ?? nowMs });
      break;
    case 'Lapsed':
      reached.push({ phase: 'Lapsed', atMs: msOf(status?.useBefore) ?? nowMs });
      break;
    case 'Pending':
    case 'Approved':
  }
  return reached;
}

function msOf(time: string | undefined): number | undefined {
  const ms = time === undefined ? NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

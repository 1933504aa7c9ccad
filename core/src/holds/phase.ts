import type { Hold, HoldPhase } from './hold.ts';

/** The phase that holds at `now`: a hold whose time is over is over, whether or not somebody has written it down yet. */
export function phaseAt(hold: Hold, nowMs: number): HoldPhase {
  const phase = hold.status?.phase ?? 'Pending';
  if (phase === 'Pending' && nowMs >= Date.parse(hold.spec.expiresAt)) return 'Expired';
  const useBefore = hold.status?.useBefore;
  if (phase === 'Approved' && useBefore !== undefined && nowMs >= Date.parse(useBefore)) return 'Lapsed';
  return phase;
}

import { isFinished, type Hold } from './hold.ts';
import { phaseAt } from './phase.ts';

/**
 * When a hold came to its end; undefined while something may still follow from it. A denial stands, and so is not at its end,
 * until the hold would have expired.
 *
 * @returns milliseconds since the epoch
 */
export function finishedAtMs(hold: Hold, nowMs: number): number | undefined {
  const phase = phaseAt(hold, nowMs);
  if (!isFinished(phase)) return undefined;
  const { status, spec } = hold;
  const expiresAtMs = Date.parse(spec.expiresAt);
  switch (phase) {
    case 'Used':
      return Date.parse(status?.usedBy?.at ?? spec.expiresAt);
    case 'Lapsed':
      return Date.parse(status?.useBefore ?? spec.expiresAt);
    case 'Denied':
      return nowMs < expiresAtMs ? undefined : expiresAtMs;
    default:
      return expiresAtMs;
  }
}

import type { Hold, Notification } from '../holds/hold.ts';
import { phaseAt } from '../holds/phase.ts';
import { reachedPhases, type ReachedPhase } from './reached-phases.ts';

/** What is to be done about one thing that one receiver is to be told. */
export type DueNotification = ReachedPhase & {
  receiver: string;
  /** How often it was tried. */
  attempts: number;
  /** True once something is written about it on the hold. */
  isNoted: boolean;
} & ({ action: 'Send'; dueAtMs: number } | { action: 'GiveUp'; problem: string });

/** A number in [0, 1) for one attempt at one notification: always the same for the same, so that asking again draws no other. */
export type Jitter = (due: { receiver: string; phase: string; attempts: number }) => number;

/**
 * The first retry comes within 2 s: what most often fails once is a connection that was just being closed, or a receiver that
 * restarts. It doubles from there, so that a receiver which is down for minutes costs about ten attempts a notification.
 */
const firstRetryMs = 2_000;
/** Whoever mends a receiver sees within 5 min that it works. */
const maxRetryMs = 300_000;
/** As long as a hold waits by default: later than that there is nobody who could still decide. */
export const giveUpAfterMs = 3_600_000;

/**
 * How long to wait after `attempts` failures: anything up to a bound that doubles ("full jitter"), so that a thousand holds
 * that failed together do not come back together. Source: Brooker, "Exponential Backoff And Jitter" (AWS, 2015).
 *
 * @param jitter in [0, 1)
 */
export function retryDelayMs(attempts: number, jitter: number): number {
  if (attempts <= 0) return 0;
  // 2^8 × 2 s is past the bound already; a larger exponent would only overflow.
  return Math.floor(jitter * Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 8)));
}

/**
 * What still has to be told of a hold, and when: one entry for each receiver and phase that its policy names, that it has
 * reached, and that is neither delivered nor given up. Everything that it goes by stands in the hold, so whoever takes over
 * goes on where the last one stood. Given up is
 *
 * - a `Pending` notice of a hold that is pending no more: nobody can follow its call to decide;
 * - whatever was tried and could not be told within an hour of its phase. What nobody has looked at yet is tried once,
 *   however late: the service may have been away.
 */
export function dueNotifications(hold: Hold, nowMs: number, jitter: Jitter): DueNotification[] {
  const { notify } = hold.spec;
  if (notify === undefined || notify.length === 0) return [];
  const phase = phaseAt(hold, nowMs);
  return notify.flatMap(({ receiver, phases }) =>
    reachedPhases(hold, nowMs).flatMap((reached): DueNotification[] => {
      if (!phases.includes(reached.phase)) return [];
      const noted = notificationOf(hold.status?.notifications, { receiver, phase: reached.phase });
      if (noted !== undefined && noted.state !== 'Retrying') return [];
      const attempts = noted?.attempts ?? 0;
      const base = { ...reached, receiver, attempts, isNoted: noted !== undefined };
      if (reached.phase === 'Pending' && phase !== 'Pending') {
        return [{ ...base, action: 'GiveUp', problem: withLast('it is pending no more', noted) }];
      }
      if (noted === undefined) return [{ ...base, action: 'Send', dueAtMs: nowMs }];
      const at = Date.parse(noted.at);
      const dueAtMs = at + retryDelayMs(attempts, jitter({ receiver, phase: reached.phase, attempts }));
      if (Math.max(dueAtMs, nowMs) >= reached.atMs + giveUpAfterMs) {
        return [{ ...base, action: 'GiveUp', problem: withLast('not within an hour', noted) }];
      }
      return [{ ...base, action: 'Send', dueAtMs }];
    }),
  );
}

/** What is written about one thing that one receiver is to be told. */
export function notificationOf(
  notifications: readonly Notification[] | undefined,
  { receiver, phase }: { receiver: string; phase: string },
): Notification | undefined {
  return notifications?.find((each) => each.receiver === receiver && each.phase === phase);
}

/** `notifications` with one entry added, or put in the place of what was written about the same before. */
export function withNotification(
  notifications: readonly Notification[] | undefined,
  entry: Notification,
): readonly Notification[] {
  const before = notificationOf(notifications, entry);
  if (before === undefined) return [...(notifications ?? []), entry];
  return (notifications ?? []).map((each) => (each === before ? entry : each));
}

function withLast(reason: string, noted: Notification | undefined): string {
  return noted?.problem === undefined ? reason : `${reason}; last: ${noted.problem}`;
}

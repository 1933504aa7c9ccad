import { notificationOf, withNotification, type Hold, type Notification } from '@holdpoint/core';
import { KubeApiError, kinds, type KubeClient, type Logger } from '@holdpoint/platform';

/**
 * What became of each attempt, on its way to the hold. The hold is the record, and our copy of it lags behind; between the two,
 * this is what keeps a thing from being told twice by one replica, and from being told again and again while the API server
 * does not take the record.
 */
export interface Outcomes {
  /** The hold as it will be once everything is written. */
  over(hold: Hold): Hold;
  note(hold: Hold, notification: Notification): void;
  /** Writes what is not written yet. */
  flush(nowMs: number): void;
  /** The hold is gone. */
  forget(name: string): void;
}

export interface OutcomesParts {
  kube: Pick<KubeClient, 'get' | 'replace'>;
  logger: Logger;
  now: () => number;
  /** Takes over what is under way, so that an end can wait for it. */
  run: (work: Promise<void>) => void;
}

interface Outcome {
  uid: string | undefined;
  notification: Notification;
  isWritten: boolean;
}

/** Each is two requests to the API server, which has others to serve. */
const maxWrites = 8;
/** Each round lost a race, and so somebody got on; more than this is no race. */
const maxRounds = 8;
/** An API server that does not answer is asked again at leisure. */
const pauseMs = 2_000;

export function createOutcomes({ kube, logger, now, run }: OutcomesParts): Outcomes {
  const byHold = new Map<string, Outcome[]>();
  const writing = new Set<string>();
  let pausedUntil = 0;

  const write = async (name: string): Promise<void> => {
    for (let round = 0; round < maxRounds; round += 1) {
      const hold = await kube.get<Hold>(kinds.holds, name);
      const open = (byHold.get(name) ?? []).filter((outcome) => !outcome.isWritten);
      if (open.length === 0) return;
      const own = open.filter((outcome) => outcome.uid === hold?.metadata.uid);
      if (hold === undefined || own.length === 0) {
        byHold.delete(name);
        return;
      }
      const before = hold.status?.notifications;
      // Whoever led before may have delivered it in the meantime: that is the better news.
      const notifications = own
        .filter(({ notification }) => notificationOf(before, notification)?.state !== 'Delivered')
        .reduce((sum, { notification }) => withNotification(sum, notification), before);
      if (notifications !== before) {
        const status = hold.status ?? { phase: 'Pending' as const, decisions: [] };
        try {
          await kube.replace<Hold>(kinds.holds, { ...hold, status: { ...status, notifications: notifications ?? [] } });
        } catch (error) {
          if (error instanceof KubeApiError && error.code === 409) continue;
          throw error;
        }
      }
      for (const outcome of own) outcome.isWritten = true;
      return;
    }
    throw new Error(`the hold changed ${String(maxRounds)} times while it was being written to`);
  };

  const startWrite = (name: string): void => {
    writing.add(name);
    run(
      write(name)
        .catch((error: unknown) => {
          pausedUntil = now() + pauseMs;
          logger.warn({ err: error, hold: name }, 'notification not noted on its hold');
        })
        .finally(() => {
          writing.delete(name);
          flush(now());
        }),
    );
  };

  const flush = (nowMs: number): void => {
    if (nowMs < pausedUntil) return;
    for (const [name, outcomes] of byHold) {
      if (writing.size >= maxWrites) return;
      if (!writing.has(name) && outcomes.some((outcome) => !outcome.isWritten)) startWrite(name);
    }
  };

  return {
    over(hold) {
      const name = hold.metadata.name ?? '';
      const outcomes = byHold.get(name);
      if (outcomes === undefined) return hold;
      const shown = hold.status?.notifications;
      const open = outcomes.filter(({ uid, notification, isWritten }) => {
        const seen = notificationOf(shown, notification);
        const isShown =
          seen !== undefined && (seen.state === 'Delivered' || Date.parse(seen.at) >= Date.parse(notification.at));
        return uid === hold.metadata.uid && !(isWritten && isShown);
      });
      if (open.length === 0) byHold.delete(name);
      else byHold.set(name, open);
      const notifications = open.reduce((sum, { notification }) => withNotification(sum, notification), shown);
      if (notifications === shown) return hold;
      const status = hold.status ?? { phase: 'Pending' as const, decisions: [] };
      return { ...hold, status: { ...status, notifications: notifications ?? [] } };
    },
    note(hold, notification) {
      const name = hold.metadata.name ?? '';
      const others = (byHold.get(name) ?? []).filter(
        (each) =>
          each.notification.receiver !== notification.receiver || each.notification.phase !== notification.phase,
      );
      byHold.set(name, [...others, { uid: hold.metadata.uid, notification, isWritten: false }]);
      flush(now());
    },
    flush,
    forget: (name) => void byHold.delete(name),
  };
}

import type { Metrics } from '@holdpoint/platform';
import type { NotifyMetrics } from './notify-metrics.ts';

/** Registers what the notifier counts. */
export function createNotifyMetrics(metrics: Metrics): NotifyMetrics {
  const delivered = metrics.counter({
    name: 'holdpoint_webhook_notifications_delivered_total',
    help: 'Notifications that a receiver took.',
    labels: ['receiver'],
  });
  const failed = metrics.counter({
    name: 'holdpoint_webhook_notification_failures_total',
    help: 'Attempts that a receiver did not take, by why.',
    labels: ['receiver', 'reason'],
  });
  const givenUp = metrics.counter({
    name: 'holdpoint_webhook_notifications_given_up_total',
    help: 'Notifications that nobody took for as long as it was worth to try.',
    labels: ['receiver'],
  });
  const pending = metrics.gauge({
    name: 'holdpoint_webhook_notifications_pending',
    help: 'Notifications that are still to be taken.',
  });
  return {
    delivered: (receiver) => delivered.add({ receiver }),
    failed: (receiver, reason) => failed.add({ receiver, reason }),
    givenUp: (receiver) => givenUp.add({ receiver }),
    pending: (count) => pending.set({}, count),
  };
}

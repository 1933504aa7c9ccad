import type { Hold } from '@holdpoint/core';
import type { EventSink, KubeClient, Logger, ObjectCache } from '@holdpoint/platform';
import { createDispatcher } from './dispatcher.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import { post } from './post.ts';
import { createReceivers } from './receivers.ts';

export interface NotifierParts {
  kube: KubeClient;
  holds: ObjectCache<Hold>;
  events: EventSink;
  /** Empty: nobody is told but by events. */
  receiversFile: string;
  /** One replica tells; when two believe to be that one for a moment, a receiver may hear twice, by the same id. */
  isLeader: () => boolean;
  metrics: NotifyMetrics;
  logger: Logger;
  now: () => number;
}

export interface Notifier {
  /** For the check of policies: as the receivers file has it now. */
  receiverNames(): readonly string[];
  close(): Promise<void>;
}

/** A person does not notice half a second; a look at what is due costs microseconds. */
const tickMs = 500;

/**
 * Tells receivers and writes events, until it is closed; see dispatcher.ts.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID when the receivers file is wrong
 */
export function createNotifier({ receiversFile, ...parts }: NotifierParts): Notifier {
  const receivers = createReceivers(receiversFile, parts.logger);
  const dispatcher = createDispatcher({ ...parts, receivers, post });
  const timer = setInterval(() => {
    receivers.refresh();
    dispatcher.tick();
  }, tickMs);
  return {
    receiverNames() {
      receivers.refresh();
      return receivers.names();
    },
    async close() {
      clearInterval(timer);
      await dispatcher.close();
    },
  };
}

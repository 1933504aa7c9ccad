import { setTimeout as sleep } from 'node:timers/promises';
import { eventList, type AuditSink } from './audit-sink.ts';

/** Senders that do as the API server does: each batch again and again until it is acknowledged, now and then although it was. */
export interface EventLoad {
  readonly acknowledged: ReadonlySet<string>;
  /** Resolves when every batch that was begun is acknowledged: the sink has to be up. */
  stop(): Promise<void>;
}

export function startEventLoad(sink: AuditSink, prefix: string, senders = 4): EventLoad {
  const acknowledged = new Set<string>();
  let isPosting = true;
  const send = async (sender: number): Promise<void> => {
    for (let n = 0; isPosting; n += 1) {
      const ids = Array.from({ length: 20 }, (_, i) => [prefix, sender, n, i].map(String).join('-'));
      for (let wanted = n % 4 === 0 ? 2 : 1; wanted > 0;) {
        const answer = await sink.post('/audit', eventList(ids)).catch(() => undefined);
        if (answer?.code === 200) wanted -= 1;
        else await sleep(50);
      }
      for (const id of ids) acknowledged.add(id);
      await sleep(10);
    }
  };
  const posting = Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)));
  return {
    acknowledged,
    async stop() {
      isPosting = false;
      await posting;
    },
  };
}

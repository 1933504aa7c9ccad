import { finishedAtMs, phaseAt, type Hold } from '@holdpoint/core';
import { isOutdated, kinds, type KubeClient, type Logger, type ObjectCache } from '@holdpoint/platform';

export interface SweepParts {
  kube: KubeClient;
  /** How long a finished hold stays in the cluster. The audit store keeps it for as long as it keeps anything. */
  retentionMs: number;
  logger: Logger;
}

/** A round writes to this many holds at most: after a long stop there may be thousands, and etcd is not ours alone. */
const maxWritesPerRound = 200;

/**
 * Writes down what time has decided (an unanswered hold is Expired, an approval not used is Lapsed) and removes what has been
 * over for long. Nothing rests on this being prompt (see phaseAt), and losing a race is fine.
 */
export async function sweepHolds(cache: ObjectCache<Hold>, nowMs: number, parts: SweepParts): Promise<void> {
  let writes = 0;
  for (const hold of cache.list()) {
    if (writes >= maxWritesPerRound) return;
    const finishedMs = finishedAtMs(hold, nowMs);
    if (finishedMs !== undefined && nowMs - finishedMs >= parts.retentionMs) {
      writes += 1;
      await unlessOutdated(hold, parts.logger, () => parts.kube.delete(kinds.holds, hold));
    } else if (phaseAt(hold, nowMs) !== (hold.status?.phase ?? 'Pending')) {
      writes += 1;
      await unlessOutdated(hold, parts.logger, () => writePhase(hold.metadata.name ?? '', nowMs, parts.kube));
    }
  }
}

/** The copy leaves out what is large: what is written back is read anew. */
async function writePhase(name: string, nowMs: number, kube: KubeClient): Promise<void> {
  const hold = await kube.get<Hold>(kinds.holds, name);
  if (hold === undefined) return;
  const phase = phaseAt(hold, nowMs);
  if (phase === (hold.status?.phase ?? 'Pending')) return;
  await kube.replace<Hold>(kinds.holds, {
    ...hold,
    status: { ...hold.status, decisions: hold.status?.decisions ?? [], phase },
  });
}

async function unlessOutdated(hold: Hold, logger: Logger, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isOutdated(error)) logger.warn({ err: error, hold: hold.metadata.name }, 'hold not swept');
  }
}

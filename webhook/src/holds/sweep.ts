import { phaseAt, type Hold } from '@holdpoint/core';
import { KubeApiError, kinds, type KubeClient, type Logger, type ObjectCache } from '@holdpoint/platform';

/**
 * Writes down what time has decided: an unanswered hold is Expired, an approval not used is Lapsed. Nothing rests on this
 * being prompt (see phaseAt), so it may run on every replica, and losing a race is fine.
 */
export async function sweepHolds(
  kube: KubeClient,
  cache: ObjectCache<Hold>,
  nowMs: number,
  logger: Logger,
): Promise<void> {
  for (const hold of cache.list()) {
    const phase = phaseAt(hold, nowMs);
    if (phase === (hold.status?.phase ?? 'Pending')) continue;
    const status = { ...hold.status, decisions: hold.status?.decisions ?? [], phase };
    try {
      await kube.replace<Hold>(kinds.holds, { ...hold, status });
    } catch (error) {
      const outdated = error instanceof KubeApiError && (error.code === 409 || error.code === 404);
      if (!outdated) logger.warn({ err: error, hold: hold.metadata.name }, 'hold phase not written');
    }
  }
}

import { grantPhaseAt, type Grant } from '@holdpoint/core';
import { isOutdated, kinds, type KubeClient, type Logger, type ObjectCache } from '@holdpoint/platform';

export interface SweepGrantsParts {
  kube: KubeClient;
  /** How long a grant that is over stays in the cluster. */
  retentionMs: number;
  logger: Logger;
}

/** Writes down which grants are over by now, for those who list them, and removes what has been over for long. */
export async function sweepGrants(cache: ObjectCache<Grant>, nowMs: number, parts: SweepGrantsParts): Promise<void> {
  const { kube, retentionMs, logger } = parts;
  for (const grant of cache.list()) {
    const { status, metadata } = grant;
    // One that was written while nobody guarded grants was never given. It is left for whoever wrote it to see.
    if (status === undefined) continue;
    const phase = grantPhaseAt(grant, nowMs);
    const overSinceMs = nowMs - Date.parse(status.revoked?.at ?? status.expiresAt);
    try {
      if (phase !== 'Active' && overSinceMs >= retentionMs) await kube.delete(kinds.grants, grant);
      else if (phase !== status.phase)
        await kube.replace<Grant>(kinds.grants, { ...grant, status: { ...status, phase } });
    } catch (error) {
      if (!isOutdated(error)) logger.warn({ err: error, grant: metadata.name }, 'grant not swept');
    }
  }
}

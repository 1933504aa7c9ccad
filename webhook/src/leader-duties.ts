import type { AccessPolicy, Grant, Hold } from '@holdpoint/core';
import type { KubeClient, Logger, Namespaces, ObjectCache, ReviewAccess } from '@holdpoint/platform';
import { sweepGrants } from './grants/sweep-grants.ts';
import { sweepHolds } from './holds/sweep.ts';
import { checkContainment } from './policies/containment-check.ts';
import { reportCondition } from './policies/report-condition.ts';

export interface LeaderDutiesParts {
  kube: KubeClient;
  policies: ObjectCache<AccessPolicy>;
  holds: ObjectCache<Hold>;
  grants: ObjectCache<Grant>;
  namespaces: Pick<Namespaces, 'names'>;
  reviewAccess: ReviewAccess;
  /** How long holds and grants that are over stay in the cluster. */
  retentionMs: number;
  logger: Logger;
  now: () => number;
}

/** RBAC changes by hand, and rarely: half a minute later is soon enough to be told. It costs some dozens of questions a policy. */
const containmentMs = 30_000;

/**
 * What one replica does for all, a round at a time: writes down what time has decided, removes what is over, and looks at what
 * RBAC lets the governed do. Nothing rests on it being prompt, or on one replica alone doing it.
 */
export function createLeaderDuties(parts: LeaderDutiesParts): () => Promise<void> {
  const { kube, policies, holds, grants, namespaces, reviewAccess, retentionMs, logger, now } = parts;
  let containedCheckedAtMs = 0;
  let isBusy = false;

  const checkContained = async (): Promise<void> => {
    // Policies share subjects: each question is asked once a round.
    const ask = askOnce(reviewAccess);
    for (const policy of policies.list()) {
      try {
        const condition = await checkContainment(policy, ask, namespaces.names());
        // Read anew: the registration's own report may have been written meanwhile.
        const current = policies.get(policy.metadata.name ?? '');
        if (current !== undefined) await reportCondition(kube, current, condition, now());
      } catch (error) {
        logger.warn({ err: error, policy: policy.metadata.name }, 'containment not checked');
      }
    }
  };
  const round = async (): Promise<void> => {
    await sweepHolds(holds, now(), { kube, retentionMs, logger });
    await sweepGrants(grants, now(), { kube, retentionMs, logger });
    if (now() - containedCheckedAtMs < containmentMs) return;
    await checkContained();
    containedCheckedAtMs = now();
  };
  return async () => {
    // A round that takes longer than the time between two is not joined by another.
    if (isBusy) return;
    isBusy = true;
    try {
      await round();
    } finally {
      isBusy = false;
    }
  };
}

function askOnce(reviewAccess: ReviewAccess): ReviewAccess {
  const asked = new Map<string, Promise<boolean>>();
  return (question) => {
    const key = JSON.stringify(question);
    const answer = asked.get(key) ?? reviewAccess(question);
    asked.set(key, answer);
    return answer;
  };
}

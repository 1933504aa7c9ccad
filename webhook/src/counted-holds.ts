import type { Hold, KubernetesObject } from '@holdpoint/core';
import { kinds, type KubeClient, type ResourceKind } from '@holdpoint/platform';
import type { Reviewer } from './http/review-handler.ts';
import type { WebhookMetrics } from './metrics.ts';

/** The same client, with each hold that it creates or uses up counted once the API server has taken it. */
export function countHoldWrites(kube: KubeClient, metrics: WebhookMetrics): KubeClient {
  return {
    ...kube,
    async create<T extends KubernetesObject>(kind: ResourceKind, object: T) {
      const created = await kube.create(kind, object);
      if (kind.plural === kinds.holds.plural) metrics.holdCreated();
      return created;
    },
    async replace<T extends KubernetesObject>(kind: ResourceKind, object: T) {
      const replaced = await kube.replace(kind, object);
      if (kind.plural === kinds.holds.plural && (object as unknown as Hold).status?.phase === 'Used')
        metrics.holdUsed();
      return replaced;
    },
  };
}

/** The same reviewer, with each decision that it stamps counted. A dry run decides nothing. */
export function countDecisions(reviewer: Reviewer, metrics: WebhookMetrics): Reviewer {
  return async (request) => {
    const answer = await reviewer(request);
    const decision = answer.response.auditAnnotations?.['decision'];
    if (answer.response.allowed && !request.dryRun && (decision === 'approve' || decision === 'deny')) {
      metrics.holdDecided(decision);
    }
    return answer;
  };
}

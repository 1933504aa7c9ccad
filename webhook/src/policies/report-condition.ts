import type { AccessPolicy, Condition } from '@holdpoint/core';
import { isOutdated, kinds, type KubeClient } from '@holdpoint/platform';

/**
 * Writes one condition into a policy's status, and leaves the others. Writes nothing where it says so already.
 *
 * @returns true when it was written; false also when another replica was first, or the policy is gone: the next round sees
 */
export async function reportCondition(
  kube: KubeClient,
  policy: AccessPolicy,
  condition: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  nowMs: number,
): Promise<boolean> {
  const generation = policy.metadata.generation ?? 0;
  const conditions = policy.status?.conditions ?? [];
  const current = conditions.find((each) => each.type === condition.type);
  if (
    current?.status === condition.status &&
    current.message === condition.message &&
    current.observedGeneration === generation
  ) {
    return false;
  }
  const stamped: Condition = {
    ...condition,
    observedGeneration: generation,
    lastTransitionTime:
      current?.status === condition.status ? current.lastTransitionTime : new Date(nowMs).toISOString(),
  };
  const others = conditions.filter((each) => each.type !== condition.type);
  const status = { ...policy.status, observedGeneration: generation, conditions: [...others, stamped] };
  try {
    await kube.replaceStatus<AccessPolicy>(kinds.accessPolicies, { ...policy, status });
    return true;
  } catch (error) {
    if (!isOutdated(error)) throw error;
    return false;
  }
}

import {
  newlyBroken,
  nextPolicyStates,
  type AccessPolicy,
  type CompiledPolicy,
  type PolicyStates,
} from '@holdpoint/core';
import type { Logger, ObjectCache } from '@holdpoint/platform';

/** The policies to judge with, now: as the webhook's own, the last good version of each. */
export function createPoliciesInForce(
  cache: ObjectCache<AccessPolicy>,
  logger: Logger,
): () => readonly CompiledPolicy[] {
  let states: PolicyStates = new Map();
  let inForce: readonly CompiledPolicy[] = [];

  const refresh = (): void => {
    const next = nextPolicyStates(states, cache.list());
    for (const { source, problems } of newlyBroken(states, next)) {
      logger.error({ policy: source.metadata.name, problems }, 'policy does not compile');
    }
    states = next;
    inForce = [...next.values()].map((state) => state.inForce);
  };
  cache.onChange(refresh);
  refresh();
  return () => inForce;
}

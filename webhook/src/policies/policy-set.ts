import {
  newlyBroken,
  nextPolicyStates,
  type AccessPolicy,
  type CompiledPolicy,
  type PolicyState,
  type PolicyStates,
} from '@holdpoint/core';
import type { Logger, ObjectCache } from '@holdpoint/platform';

export interface PolicySet {
  /** What to judge with now. */
  compiled(): readonly CompiledPolicy[];
  states(): readonly PolicyState[];
}

/** Keeps the compiled policies current with the cache: see nextPolicyStates for what becomes of one that does not compile. */
export function createPolicySet(cache: ObjectCache<AccessPolicy>, logger: Logger): PolicySet {
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
  return { compiled: () => inForce, states: () => [...states.values()] };
}

import type { AccessPolicy } from './access-policy.ts';
import type { CompiledPolicy } from './compile-policy.ts';
import { newlyBroken, nextPolicyStates, type PolicyState, type PolicyStates } from './policy-states.ts';

export interface PolicySet {
  /** What to judge with now. */
  compiled(): readonly CompiledPolicy[];
  states(): readonly PolicyState[];
}

/** Where the stored policies are known from. */
export interface PolicySource {
  list(): readonly AccessPolicy[];
  onChange(listener: () => void): void;
}

/**
 * Keeps the compiled policies current with their source: see nextPolicyStates for what becomes of one that does not compile.
 *
 * @param onBroken told once of each version that does not compile
 */
export function createPolicySet(source: PolicySource, onBroken: (state: PolicyState) => void): PolicySet {
  let states: PolicyStates = new Map();
  let inForce: readonly CompiledPolicy[] = [];

  const refresh = (): void => {
    const next = nextPolicyStates(states, source.list());
    for (const state of newlyBroken(states, next)) onBroken(state);
    states = next;
    inForce = [...next.values()].map((state) => state.inForce);
  };
  source.onChange(refresh);
  refresh();
  return { compiled: () => inForce, states: () => [...states.values()] };
}

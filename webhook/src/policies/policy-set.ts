import { compilePolicy, type AccessPolicy, type CompiledPolicy, type PolicyProblem } from '@holdpoint/core';
import type { Logger, ObjectCache } from '@holdpoint/platform';

/** One policy as it stands: what is in force for it, and what is wrong with its newest version, if anything. */
export interface PolicyState {
  source: AccessPolicy;
  inForce: CompiledPolicy;
  problems: readonly PolicyProblem[];
}

export interface PolicySet {
  /** What to judge with now. */
  compiled(): readonly CompiledPolicy[];
  states(): readonly PolicyState[];
}

/**
 * Keeps the compiled policies current with the cache. A version that does not compile never replaces one that did; where
 * there was none, the policy's subjects are refused every write: a policy that cannot be read must not be one that allows.
 */
export function createPolicySet(cache: ObjectCache<AccessPolicy>, logger: Logger): PolicySet {
  const states = new Map<string, PolicyState>();
  let inForce: readonly CompiledPolicy[] = [];

  const refresh = (): void => {
    const names = new Set<string>();
    for (const source of cache.list()) {
      const name = source.metadata.name ?? '';
      names.add(name);
      const known = states.get(name);
      // A namesake made anew after a delete starts again at generation 1, and has no last good version.
      const same = known?.source.metadata.uid === source.metadata.uid ? known : undefined;
      const isCompiled = same !== undefined && same.source.metadata.generation === source.metadata.generation;
      states.set(name, isCompiled ? { ...same, source } : nextState(source, same, logger));
    }
    for (const name of states.keys()) if (!names.has(name)) states.delete(name);
    inForce = [...states.values()].map((state) => state.inForce);
  };
  cache.onChange(refresh);
  refresh();
  return { compiled: () => inForce, states: () => [...states.values()] };
}

function nextState(source: AccessPolicy, known: PolicyState | undefined, logger: Logger): PolicyState {
  const result = compilePolicy(source);
  if ('policy' in result) return { source, inForce: result.policy, problems: [] };
  logger.error({ policy: source.metadata.name, problems: result.problems }, 'policy does not compile');
  return { source, inForce: known?.inForce ?? closedPolicy(source), problems: result.problems };
}

function closedPolicy(source: AccessPolicy): CompiledPolicy {
  const empty = compilePolicy({ ...source, spec: { subjects: [], defaultAction: 'Deny' } });
  if ('problems' in empty) throw new TypeError('a policy without rules compiles'); // By construction.
  return { ...empty.policy, spec: { ...empty.policy.spec, subjects: source.spec.subjects } };
}

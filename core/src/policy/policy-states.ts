import type { AccessPolicy } from './access-policy.ts';
import { compilePolicy, type CompiledPolicy, type PolicyProblem } from './compile-policy.ts';

/** One policy as it stands: what is in force for it, and what is wrong with its newest version, if anything. */
export interface PolicyState {
  source: AccessPolicy;
  inForce: CompiledPolicy;
  problems: readonly PolicyProblem[];
}

export type PolicyStates = ReadonlyMap<string, PolicyState>;

/**
 * The policies after a change, by name. A version that does not compile never replaces one that did; where there was none,
 * the policy's subjects are refused everything: a policy that cannot be read must not be one that allows. Webhook and proxy
 * ask here, and so agree. What did not change is not compiled again.
 */
export function nextPolicyStates(known: PolicyStates, sources: readonly AccessPolicy[]): PolicyStates {
  return new Map(
    sources.map((source) => {
      const name = source.metadata.name ?? '';
      const before = known.get(name);
      // A namesake made anew after a delete starts again at generation 1, and has no last good version.
      const same = before?.source.metadata.uid === source.metadata.uid ? before : undefined;
      const isCompiled = same !== undefined && same.source.metadata.generation === source.metadata.generation;
      return [name, isCompiled ? { ...same, source } : compiledState(source, same)];
    }),
  );
}

/** The policies whose newest version does not compile, and did not come to be judged before. */
export function newlyBroken(known: PolicyStates, now: PolicyStates): PolicyState[] {
  return [...now].flatMap(([name, state]) =>
    state.problems.length > 0 && state.problems !== known.get(name)?.problems ? [state] : [],
  );
}

function compiledState(source: AccessPolicy, known: PolicyState | undefined): PolicyState {
  const result = compilePolicy(source);
  if ('policy' in result) return { source, inForce: result.policy, problems: [] };
  return { source, inForce: known?.inForce ?? closedPolicy(source), problems: result.problems };
}

function closedPolicy(source: AccessPolicy): CompiledPolicy {
  const closed = { subjects: [], defaultAction: 'Deny', reads: { defaultAction: 'Deny' } } as const;
  const empty = compilePolicy({ ...source, spec: closed });
  if ('problems' in empty) throw new TypeError('a policy without rules compiles'); // By construction.
  return { ...empty.policy, spec: { ...empty.policy.spec, subjects: source.spec.subjects } };
}

import { errored, type PolicyProblem, type PolicySet } from '@holdpoint/core';
import type { Reviewer } from '../http/review-handler.ts';

/** Whether this replica has ever been able to read every stored policy. */
export interface PolicyGate {
  /** Which policy, path and reason; undefined once all could be read, and from then on for ever. */
  blockedBy(): string | undefined;
  /** The same reviewer, which refuses every review while the gate is closed. */
  guard(reviewer: Reviewer): Reviewer;
}

/**
 * A replica that cannot read a stored policy at its start is not ready, and judges nothing: a rolling upgrade to a version
 * that cannot read it must stop before the old replicas, which can, are gone. Mending or deleting the policy opens the gate.
 *
 * Once open it stays so: a policy that turns bad later has its last good version in force here, and a replica that went
 * away over it would take the agents' writes with it.
 */
export function createPolicyGate(policies: PolicySet): PolicyGate {
  let isOpen = false;
  const blockedBy = (): string | undefined => {
    if (isOpen) return undefined;
    const unreadable = policies.states().filter(({ problems }) => problems.length > 0);
    isOpen = unreadable.length === 0;
    if (isOpen) return undefined;
    return unreadable
      .map(({ source, problems }) => `policy ${source.metadata.name ?? ''}: ${told(problems)}`)
      .join('; ');
  };
  return {
    blockedBy,
    guard: (reviewer) => (request) => {
      const reason = blockedBy();
      if (reason === undefined) return reviewer(request);
      return errored(
        request.uid,
        `Holdpoint has started with a policy that it cannot read, so every write is refused: ${reason}`,
      );
    },
  };
}

function told(problems: readonly PolicyProblem[]): string {
  return problems.map(({ path, message }) => `${path}: ${message}`).join(', ');
}

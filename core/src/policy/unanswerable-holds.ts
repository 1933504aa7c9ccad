import type { CompiledPolicy, PolicyProblem } from './compile-policy.ts';

/**
 * The holds of a policy that nobody could ever decide. Such a policy fails closed and may stay in force, but whoever
 * applies it meant something else: it is refused when it is applied.
 */
export function unanswerableHolds(policy: CompiledPolicy): PolicyProblem[] {
  const ofRules = policy.rules.flatMap(({ rule, hold }, i) =>
    rule.action === 'Hold' && hold.approvers.length === 0
      ? [
          {
            path: `spec.rules[${String(i)}].hold.approvers`,
            message: 'nobody could decide its holds: name approvers here or in spec.hold.approvers',
          },
        ]
      : [],
  );
  if (policy.defaultAction !== 'Hold' || policy.hold.approvers.length > 0) return ofRules;
  const message = 'defaultAction is Hold, and nobody could decide such a hold: name approvers';
  return [...ofRules, { path: 'spec.hold.approvers', message }];
}

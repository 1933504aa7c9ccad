import type { CompiledPolicy, PolicyProblem } from '../policy/compile-policy.ts';

/**
 * The receivers that a policy names and nobody knows: refused when it is applied, for whoever wrote it believes that somebody
 * is told.
 *
 * @param names the receivers that the webhook is configured with
 */
export function unknownReceivers(policy: CompiledPolicy, names: readonly string[]): PolicyProblem[] {
  const known = names.length === 0 ? 'there is none' : `known: ${names.join(', ')}`;
  return policy.notify.flatMap(({ receiver }, i) =>
    names.includes(receiver)
      ? []
      : [
          {
            path: `spec.notify[${String(i)}].receiver`,
            message: `"${receiver}" is no receiver in the webhook's receivers file; ${known}`,
          },
        ],
  );
}

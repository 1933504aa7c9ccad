import type { Action } from '../policy/access-policy.ts';
import type { CompiledPolicy, PolicyProblem, ResolvedHoldSettings } from '../policy/compile-policy.ts';
import { parseDurationSeconds } from '../policy/duration.ts';
import { defaultRuleName, elevateOf } from '../policy/evaluate.ts';
import { namesGuarded } from '../policy/guarded-resources.ts';
import { namespacePatternProblems } from '../policy/policy-problem.ts';
import type { GrantScope, GrantSpec } from './grant.ts';

/** The terms on which a grant may be given: those of the rule whose question it takes the place of. */
export interface GrantTerms {
  durationSeconds: number;
  hold: ResolvedHoldSettings;
  /** The groups, sorted, that the rule adds to each request. */
  elevate?: readonly string[];
}

/** A working day and the night after it. What is needed for longer is a rule, and belongs in the policy. */
const maxDurationSeconds = 24 * 3_600;

/** The rule of a policy that a grant names, as far as it matters to grants; undefined where there is none of that name. */
export function grantedRule(
  policies: readonly CompiledPolicy[],
  { policy: policyName, rule: ruleName }: Pick<GrantScope, 'policy' | 'rule'>,
): ({ action: Action } & Omit<GrantTerms, 'durationSeconds'>) | undefined {
  const policy = policies.find((each) => each.name === policyName);
  if (policy === undefined) return undefined;
  if (ruleName === defaultRuleName) return { action: policy.defaultAction, hold: policy.hold };
  const compiled = policy.rules.find((each) => each.rule.name === ruleName);
  if (compiled === undefined) return undefined;
  const { rule, hold } = compiled;
  return { action: rule.action, hold, ...elevateOf(rule) };
}

/** Reads a grant's terms, or tells all that is wrong with what is asked for, each with its path. */
export function grantTermsOf(
  spec: GrantSpec,
  policies: readonly CompiledPolicy[],
): { terms: GrantTerms } | { problems: PolicyProblem[] } {
  const { scope } = spec;
  const problems = namespacePatternProblems(scope.namespaces ?? [], 'spec.scope.namespaces');
  const durationSeconds = parseDurationSeconds(spec.duration);
  if (durationSeconds === undefined || durationSeconds > maxDurationSeconds) {
    const message = `"${spec.duration}" is no duration such as 90s, 15m or 2h, or longer than ${String(maxDurationSeconds / 3_600)}h`;
    problems.push({ path: 'spec.duration', message });
  }
  const rule = grantedRule(policies, scope);
  if (rule === undefined) {
    const message = policies.some((each) => each.name === scope.policy)
      ? `policy "${scope.policy}" has no rule "${scope.rule}"`
      : `there is no policy "${scope.policy}"`;
    problems.push({ path: 'spec.scope', message });
  } else if (rule.action !== 'Hold') {
    const message = `"${scope.rule}" of policy "${scope.policy}" is ${rule.action}: only a rule that holds can be granted`;
    problems.push({ path: 'spec.scope.rule', message });
  }
  (scope.resourceRules ?? []).forEach((each, i) => {
    if (namesGuarded(each)) {
      const message = 'a grant never covers what would outlive it: credentials, roles, signatures, admission';
      problems.push({ path: `spec.scope.resourceRules[${String(i)}]`, message });
    }
  });
  if (problems.length > 0 || rule === undefined || durationSeconds === undefined) return { problems };
  const { hold, elevate } = rule;
  return { terms: { durationSeconds, hold, ...(elevate === undefined ? {} : { elevate }) } };
}

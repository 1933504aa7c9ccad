import type { UserInfo } from '../identity/user-info.ts';
import type { JsonValue } from '../kubernetes/object.ts';
import type { Action } from './access-policy.ts';
import { toCelActivation, type CelActivation } from '../cel/compile-cel.ts';
import type { CompiledPolicy, CompiledRule, ResolvedHoldSettings } from './compile-policy.ts';
import { governingPolicies } from './governing-policies.ts';
import { matchesNamespace, matchesResourceRule, scopeNamespaceOf, type RuleTarget } from './resource-rule.ts';

/** A write, as the engine looks at it. */
export interface WriteRequest extends RuleTarget {
  user: UserInfo;
  /** The new state; null for a DELETE. For CONNECT the options. */
  object: JsonValue;
  /** The state before; null for CREATE and CONNECT. */
  oldObject: JsonValue;
  /** What CEL sees as `request`. */
  request: JsonValue;
}

/** What one policy, or all of them together, say about a write. */
export interface Verdict {
  action: Action;
  policy: string;
  /** `default` when no rule matched. */
  rule: string;
  message?: string;
  hold: ResolvedHoldSettings;
  maxPending: number;
  maxChangeBytes: number;
}

const strictness: Readonly<Record<Action, number>> = { Allow: 0, Hold: 1, Deny: 2 };

/**
 * Judges a write by every policy that governs its user; the strictest verdict wins (of two holds, the one that asks more
 * people), and among equals the first policy by name, so that every replica names the same one.
 *
 * @returns undefined when no policy governs the user
 */
export function evaluateWrite(policies: readonly CompiledPolicy[], write: WriteRequest): Verdict | undefined {
  const activation = lazily(() =>
    toCelActivation({ object: write.object, oldObject: write.oldObject, request: write.request }),
  );
  let strictest: Verdict | undefined;
  const governing = governingPolicies(policies, write.user).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const policy of governing) {
    const verdict = evaluatePolicy(policy, write, activation);
    if (strictest === undefined || isStricter(verdict, strictest)) strictest = verdict;
  }
  return strictest;
}

/** Of two holds the one that asks more people is the stricter: a lenient policy must not hide a four-eyes one. */
function isStricter(verdict: Verdict, than: Verdict): boolean {
  if (verdict.action !== than.action) return strictness[verdict.action] > strictness[than.action];
  return verdict.action === 'Hold' && verdict.hold.minApprovals > than.hold.minApprovals;
}

function evaluatePolicy(policy: CompiledPolicy, write: WriteRequest, activation: () => CelActivation): Verdict {
  const limits = { policy: policy.name, maxPending: policy.maxPending, maxChangeBytes: policy.maxChangeBytes };
  for (const compiled of policy.rules) {
    const match = matchRule(compiled, write, activation);
    if (match.type === 'No') continue;
    const { rule, hold } = compiled;
    if (match.type === 'Error') {
      // Neither "matches" nor "does not" is known; either could be the one that lets the write through.
      const message = `matchCondition "${match.condition}" could not be evaluated: ${match.message}`;
      return { ...limits, action: 'Deny', rule: rule.name, message, hold };
    }
    return {
      ...limits,
      action: rule.action,
      rule: rule.name,
      hold,
      ...(rule.message === undefined ? {} : { message: rule.message }),
    };
  }
  return { ...limits, action: policy.defaultAction, rule: 'default', hold: policy.hold };
}

type RuleMatch = { type: 'Yes' } | { type: 'No' } | { type: 'Error'; condition: string; message: string };

function matchRule(compiled: CompiledRule, write: WriteRequest, activation: () => CelActivation): RuleMatch {
  const { rule, conditions } = compiled;
  if (rule.namespaces !== undefined && !matchesNamespace(rule.namespaces, scopeNamespaceOf(write))) {
    return { type: 'No' };
  }
  if (!rule.resourceRules.some((each) => matchesResourceRule(each, write))) return { type: 'No' };
  // As in Kubernetes: one false settles it, whatever error another condition ran into.
  let error: RuleMatch | undefined;
  for (const { name, expression } of conditions) {
    const outcome = expression(activation());
    if (outcome.type === 'False') return { type: 'No' };
    if (outcome.type === 'Error') error ??= { type: 'Error', condition: name, message: outcome.message };
  }
  return error ?? { type: 'Yes' };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

import { toCelActivation, type CelActivation } from '../cel/compile-cel.ts';
import type { UserInfo } from '../identity/user-info.ts';
import { labelsOf, matchesLabels, type LabelSelector } from '../kubernetes/label-selector.ts';
import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { Action, WriteRule } from './access-policy.ts';
import type { CompiledPolicy, CompiledRule, ResolvedHoldSettings, ResolvedNotify } from './compile-policy.ts';
import { governingPolicies } from './governing-policies.ts';
import { isGuarded, namesResource } from './guarded-resources.ts';
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
  /** The Namespace that the object lies in; null when it lies in none, or nobody knows that namespace. */
  namespaceObject: JsonValue;
}

/** What one policy, or all of them together, say about a write. */
export interface Verdict {
  action: Action;
  policy: string;
  /** `default` when no rule matched. */
  rule: string;
  message?: string;
  /** The groups, sorted, that the rule adds to the request; none where left out. */
  elevate?: readonly string[];
  hold: ResolvedHoldSettings;
  notify: ResolvedNotify;
  maxPending: number;
  maxChangeBytes: number;
}

/** The strictest verdict, and beside it every other policy's that asks for an approval too. */
export interface StrictestVerdict extends Verdict {
  alsoHeldBy: readonly Verdict[];
}

/** The name that stands for a policy's `defaultAction` where a rule's name is told. */
export const defaultRuleName = 'default';

const strictness: Readonly<Record<Action, number>> = { Allow: 0, Hold: 1, Deny: 2 };

/**
 * Judges a write by every policy that governs its user; the strictest verdict wins (of two holds, the one that asks more
 * people), and among equals the first policy by name, so that every replica names the same one.
 *
 * @returns undefined when no policy governs the user
 */
export function evaluateWrite(policies: readonly CompiledPolicy[], write: WriteRequest): StrictestVerdict | undefined {
  const activation = lazily(() =>
    toCelActivation({
      object: write.object,
      oldObject: write.oldObject,
      request: write.request,
      namespaceObject: write.namespaceObject,
    }),
  );
  let strictest: Verdict | undefined;
  const verdicts: Verdict[] = [];
  const governing = governingPolicies(policies, write.user).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const policy of governing) {
    const verdict = evaluatePolicy(policy, write, activation);
    verdicts.push(verdict);
    if (strictest === undefined || isStricter(verdict, strictest)) strictest = verdict;
  }
  if (strictest === undefined) return undefined;
  const alsoHeldBy =
    strictest.action === 'Hold' ? verdicts.filter((each) => each.action === 'Hold' && each !== strictest) : [];
  return { ...strictest, alsoHeldBy };
}

/** Of two holds the one that asks more people is the stricter: a lenient policy must not hide a four-eyes one. */
function isStricter(verdict: Verdict, than: Verdict): boolean {
  if (verdict.action !== than.action) return strictness[verdict.action] > strictness[than.action];
  return verdict.action === 'Hold' && verdict.hold.minApprovals > than.hold.minApprovals;
}

function evaluatePolicy(policy: CompiledPolicy, write: WriteRequest, activation: () => CelActivation): Verdict {
  const { name, notify, maxPending, maxChangeBytes } = policy;
  const base = { policy: name, notify, maxPending, maxChangeBytes };
  const guardedWrite = isGuarded(write);
  for (const compiled of policy.rules) {
    const { rule, hold } = compiled;
    const match = matchRule(compiled, write, guardedWrite, activation);
    if (match.type === 'No') continue;
    if (match.type === 'Error') {
      // Neither "matches" nor "does not" is known; either could be the one that lets the write through.
      const message = `${match.what} could not be evaluated: ${match.message}`;
      return { ...base, action: 'Deny', rule: rule.name, message, hold };
    }
    return {
      ...base,
      action: rule.action,
      rule: rule.name,
      hold,
      ...(rule.message === undefined ? {} : { message: rule.message }),
      ...elevateOf(rule),
    };
  }
  const otherwise = { ...base, rule: defaultRuleName, hold: policy.hold };
  if (!guardedWrite) return { ...otherwise, action: policy.defaultAction };
  const message =
    'what gives or hands on a permission, or reaches past the API server, is refused unless a rule names it: ' +
    'group and resource, without *';
  return { ...otherwise, action: 'Deny', message };
}

/** The groups that a rule adds to a request, each once and sorted: so that they compare. */
export function elevateOf({ elevate }: WriteRule): Pick<Verdict, 'elevate'> {
  return elevate === undefined ? {} : { elevate: [...new Set(elevate.groups)].sort() };
}

/** Why a rule is passed over: the first part of it, in the order they are looked at, that the write does not meet. */
export type NoMatch =
  'namespaces' | 'resourceRules' | 'guarded' | 'objectSelector' | 'namespaceSelector' | `matchCondition "${string}"`;

export type RuleMatch =
  { type: 'Yes' } | { type: 'No'; why: NoMatch } | { type: 'Error'; what: string; message: string };

/** Whether a rule is about a write, and if not, why not: what evaluateWrite decides by, and what explainWrite tells. */
export function matchRule(
  compiled: CompiledRule,
  write: WriteRequest,
  guardedWrite: boolean,
  activation: () => CelActivation,
): RuleMatch {
  const { rule, conditions } = compiled;
  if (rule.namespaces !== undefined && !matchesNamespace(rule.namespaces, scopeNamespaceOf(write))) {
    return { type: 'No', why: 'namespaces' };
  }
  const mustName = guardedWrite && rule.action !== 'Deny';
  const isAbout = rule.resourceRules.some(
    (each) => matchesResourceRule(each, write) && (!mustName || namesResource(each, write)),
  );
  if (!isAbout) {
    const isUnnamed = mustName && rule.resourceRules.some((each) => matchesResourceRule(each, write));
    return { type: 'No', why: isUnnamed ? 'guarded' : 'resourceRules' };
  }
  if (rule.objectSelector !== undefined && !matchesObject(rule.objectSelector, rule.action, write)) {
    return { type: 'No', why: 'objectSelector' };
  }
  const inNamespace = matchNamespaceSelector(rule, write);
  if (inNamespace.type !== 'Yes') return inNamespace;
  // As in Kubernetes: one false settles it, whatever error another condition ran into.
  let error: RuleMatch | undefined;
  for (const { name, expression } of conditions) {
    const outcome = expression(activation());
    if (outcome.type === 'False') return { type: 'No', why: `matchCondition "${name}"` };
    if (outcome.type === 'Error')
      error ??= { type: 'Error', what: `matchCondition "${name}"`, message: outcome.message };
  }
  return error ?? { type: 'Yes' };
}

/**
 * A namespace selector never matches what lies in no namespace. (A webhook's matches that always; in a rule that allows, it
 * would open every cluster-scoped object to whoever may work in one namespace.)
 */
function matchNamespaceSelector({ namespaceSelector }: WriteRule, write: WriteRequest): RuleMatch {
  if (namespaceSelector === undefined) return { type: 'Yes' };
  const namespace = scopeNamespaceOf(write);
  if (namespace === '') return { type: 'No', why: 'namespaceSelector' };
  if (!isJsonObject(write.namespaceObject)) {
    return { type: 'Error', what: 'namespaceSelector', message: `namespace "${namespace}" is not known` };
  }
  const matches = matchesLabels(namespaceSelector, labelsOf(write.namespaceObject));
  return matches ? { type: 'Yes' } : { type: 'No', why: 'namespaceSelector' };
}

/** Of the object before and after: both, where it allows; either, where it does not. See WriteRule. */
function matchesObject(selector: LabelSelector, action: Action, { object, oldObject }: WriteRequest): boolean {
  const states = [object, oldObject].filter(isJsonObject);
  const matches = (state: JsonValue): boolean => matchesLabels(selector, labelsOf(state));
  return action === 'Allow' ? states.length > 0 && states.every(matches) : states.some(matches);
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

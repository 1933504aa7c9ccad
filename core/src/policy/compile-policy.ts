import { compileCel, type CelExpression } from '../cel/compile-cel.ts';
import { elevationGroupProblem, elevationPrefix, isElevationGroup } from '../identity/elevation-groups.ts';
import type { Subject } from '../identity/subject.ts';
import { selectorProblems } from '../kubernetes/label-selector.ts';
import type {
  AccessPolicy,
  AccessPolicySpec,
  Action,
  HoldSettings,
  MaskingSettings,
  NotifySettings,
  ResourceRule,
  WriteRule,
} from './access-policy.ts';
import { compileReads, type CompiledReads } from './compile-reads.ts';
import { parseDurationSeconds } from './duration.ts';
import { parseFieldPath } from '../masking/field-path.ts';
import { subjectProblem } from './governable.ts';
import { namesNeverElevated } from './never-elevated.ts';
import { namespacePatternProblems, type PolicyProblem } from './policy-problem.ts';

export type { PolicyProblem } from './policy-problem.ts';

/** HoldSettings with every default in place. */
export interface ResolvedHoldSettings {
  approvers: readonly Subject[];
  minApprovals: number;
  expiresAfterSeconds: number;
  useWithinSeconds: number;
  pauseForSeconds: number;
}

/** NotifySettings with every default in place. */
export type ResolvedNotify = readonly Required<NotifySettings>[];

export interface CompiledRule {
  rule: WriteRule;
  conditions: readonly { name: string; expression: CelExpression }[];
  hold: ResolvedHoldSettings;
}

/** A policy ready to judge with. Everything that can be wrong with it was found when it was compiled. */
export interface CompiledPolicy {
  name: string;
  spec: AccessPolicySpec;
  defaultAction: Action;
  rules: readonly CompiledRule[];
  reads: CompiledReads;
  /** For holds that only `defaultAction` asks for. */
  hold: ResolvedHoldSettings;
  notify: ResolvedNotify;
  maxPending: number;
  maxChangeBytes: number;
}

const holdDefaults: Required<HoldSettings> = {
  approvers: [],
  minApprovals: 1,
  expiresAfter: '1h',
  useWithin: '10m',
  pauseFor: '5m',
};

/**
 * A pending hold lives in etcd beside everything else, at most 1.5 MiB an object; and a person reads some hundreds of
 * lines with care, not thousands. 64 KiB is about 1,500 lines of YAML.
 */
const defaultMaxChangeBytes = 65_536;
const defaultMaxPending = 20;

/** Compiles a policy, or tells all that is wrong with it, at once. Never throws. */
export function compilePolicy(policy: AccessPolicy): { policy: CompiledPolicy } | { problems: PolicyProblem[] } {
  const { spec } = policy;
  const problems: PolicyProblem[] = [];
  const names = new Set<string>();

  spec.subjects.forEach((subject, i) => {
    const path = `spec.subjects[${String(i)}]`;
    problems.push(...namespaceProblems(subject, path));
    const message = subjectProblem(subject) ?? borrowedGroupProblem(subject);
    if (message !== undefined) problems.push({ path: `${path}.name`, message });
  });
  const policyHold = resolveHold(spec.hold ?? {}, holdDefaults, 'spec.hold', problems);
  const rules = (spec.rules ?? []).map((rule, i) => {
    const path = `spec.rules[${String(i)}]`;
    if (names.has(rule.name)) problems.push({ path: `${path}.name`, message: `"${rule.name}" names another rule too` });
    names.add(rule.name);
    return compileRule(rule, path, { ...holdDefaults, ...spec.hold }, problems);
  });

  const reads = compileReads(spec.reads ?? {}, problems);
  problems.push(...maskingProblems(spec.masking));

  if (problems.length > 0) return { problems };
  return {
    policy: {
      name: policy.metadata.name ?? '',
      spec,
      defaultAction: spec.defaultAction ?? 'Hold',
      rules,
      reads,
      hold: policyHold,
      notify: (spec.notify ?? []).map(({ receiver, phases = ['Pending'] }) => ({ receiver, phases })),
      maxPending: spec.maxPending ?? defaultMaxPending,
      maxChangeBytes: spec.maxChangeBytes ?? defaultMaxChangeBytes,
    },
  };
}

function compileRule(
  rule: WriteRule,
  path: string,
  inherited: Required<HoldSettings>,
  problems: PolicyProblem[],
): CompiledRule {
  const conditions: { name: string; expression: CelExpression }[] = [];
  (rule.matchConditions ?? []).forEach((condition, i) => {
    const compiled = compileCel(condition.expression);
    if ('expression' in compiled) conditions.push({ name: condition.name, expression: compiled.expression });
    else problems.push({ path: `${path}.matchConditions[${String(i)}].expression`, message: compiled.problem });
  });
  problems.push(...namespacePatternProblems(rule.namespaces ?? [], `${path}.namespaces`));
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    for (const problem of selectorProblems(rule[field] ?? {})) {
      problems.push({ path: `${path}.${field}.${problem.path}`, message: problem.message });
    }
  }
  rule.resourceRules.forEach((each, i) => {
    problems.push(...versionProblems(each, rule.action, `${path}.resourceRules[${String(i)}]`));
  });
  problems.push(...elevateProblems(rule, path));
  return { rule, conditions, hold: resolveHold(rule.hold ?? {}, inherited, `${path}.hold`, problems) };
}

function maskingProblems(masking: MaskingSettings | undefined): PolicyProblem[] {
  return (masking?.fields ?? []).flatMap((each, i) =>
    each.paths.flatMap((text, j) => {
      const parsed = parseFieldPath(text);
      const path = `spec.masking.fields[${String(i)}].paths[${String(j)}]`;
      return 'problem' in parsed ? [{ path, message: `"${text}" is no path: ${parsed.problem}` }] : [];
    }),
  );
}

/** A group that a request borrows for its own time must not be whom a policy is about: then borrowing it would be joining it. */
function borrowedGroupProblem({ kind, name }: Subject): string | undefined {
  if (kind !== 'Group' || !isElevationGroup(name)) return undefined;
  return `groups that begin with "${elevationPrefix}" are what rules elevate to; nobody is in one`;
}

function elevateProblems({ elevate, action, resourceRules }: WriteRule, path: string): PolicyProblem[] {
  if (elevate === undefined) return [];
  const problems: PolicyProblem[] = elevate.groups.flatMap((group, i) => {
    const message = elevationGroupProblem(group);
    return message === undefined ? [] : [{ path: `${path}.elevate.groups[${String(i)}]`, message }];
  });
  if (elevate.groups.length === 0)
    problems.push({ path: `${path}.elevate.groups`, message: 'name at least one group' });
  if (action === 'Deny') problems.push({ path: `${path}.elevate`, message: 'a rule that denies gives no permission' });
  resourceRules.forEach((each, i) => {
    if (!namesNeverElevated(each)) return;
    const message = 'never elevated: roles, credentials, signatures, admission, access reviews and our own objects';
    problems.push({ path: `${path}.resourceRules[${String(i)}]`, message });
  });
  return problems;
}

function namespaceProblems(subject: Subject, path: string): PolicyProblem[] {
  const hasNamespace = (subject.namespace ?? '') !== '';
  if (subject.kind === 'ServiceAccount') {
    return hasNamespace ? [] : [{ path: `${path}.namespace`, message: 'a ServiceAccount needs its namespace' }];
  }
  return subject.namespace === undefined
    ? []
    : [{ path: `${path}.namespace`, message: `a ${subject.kind} has no namespace` }];
}

/** The API server serves one object under several versions, and the client chooses: a limit to one of them limits nobody. */
function versionProblems({ apiVersions }: ResourceRule, action: Action, path: string): PolicyProblem[] {
  if (action === 'Allow' || apiVersions === undefined || apiVersions.includes('*')) return [];
  const message = `a rule that ${action === 'Deny' ? 'denies' : 'holds'} is for every version: the same object under another would pass it by`;
  return [{ path: `${path}.apiVersions`, message }];
}

function resolveHold(
  settings: HoldSettings,
  inherited: Required<HoldSettings>,
  path: string,
  problems: PolicyProblem[],
): ResolvedHoldSettings {
  const seconds = (field: 'expiresAfter' | 'useWithin' | 'pauseFor'): number => {
    const text = settings[field] ?? inherited[field];
    const parsed = parseDurationSeconds(text);
    if (parsed !== undefined) return parsed;
    if (settings[field] !== undefined) {
      problems.push({ path: `${path}.${field}`, message: `"${text}" is not a duration such as 90s, 10m or 1h30m` });
    }
    return 1;
  };
  return {
    approvers: settings.approvers ?? inherited.approvers,
    minApprovals: settings.minApprovals ?? inherited.minApprovals,
    expiresAfterSeconds: seconds('expiresAfter'),
    useWithinSeconds: seconds('useWithin'),
    pauseForSeconds: seconds('pauseFor'),
  };
}

import type { Subject } from '../identity/subject.ts';
import type { AccessPolicy, AccessPolicySpec, Action, HoldSettings, WriteRule } from './access-policy.ts';
import { compileCel, type CelExpression } from '../cel/compile-cel.ts';
import { parseDurationSeconds } from './duration.ts';

/** HoldSettings with every default in place. */
export interface ResolvedHoldSettings {
  approvers: readonly Subject[];
  minApprovals: number;
  expiresAfterSeconds: number;
  useWithinSeconds: number;
  pauseForSeconds: number;
}

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
  /** For holds that only `defaultAction` asks for. */
  hold: ResolvedHoldSettings;
  maxPending: number;
  maxChangeBytes: number;
}

/** Where in the policy, and what is wrong there. */
export interface PolicyProblem {
  path: string;
  message: string;
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
    if (subject.kind === 'ServiceAccount' && (subject.namespace ?? '') === '') {
      problems.push({ path: `spec.subjects[${String(i)}].namespace`, message: 'a ServiceAccount needs its namespace' });
    }
    if (subject.kind !== 'ServiceAccount' && subject.namespace !== undefined) {
      problems.push({ path: `spec.subjects[${String(i)}].namespace`, message: `a ${subject.kind} has no namespace` });
    }
  });
  const policyHold = resolveHold(spec.hold ?? {}, holdDefaults, 'spec.hold', problems);
  const rules = (spec.rules ?? []).map((rule, i) => {
    const path = `spec.rules[${String(i)}]`;
    if (names.has(rule.name)) problems.push({ path: `${path}.name`, message: `"${rule.name}" names another rule too` });
    names.add(rule.name);
    return compileRule(rule, path, { ...holdDefaults, ...spec.hold }, problems);
  });

  if (problems.length > 0) return { problems };
  return {
    policy: {
      name: policy.metadata.name ?? '',
      spec,
      defaultAction: spec.defaultAction ?? 'Hold',
      rules,
      hold: policyHold,
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
  (rule.namespaces ?? []).forEach((pattern, i) => {
    if (!/^[a-z0-9-]*\*?$/.test(pattern) || pattern === '') {
      problems.push({
        path: `${path}.namespaces[${String(i)}]`,
        message: `"${pattern}" is neither a namespace's name nor a prefix followed by *`,
      });
    }
  });
  return { rule, conditions, hold: resolveHold(rule.hold ?? {}, inherited, `${path}.hold`, problems) };
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

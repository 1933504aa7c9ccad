import { compileReadCel, type CelExpression } from '../cel/compile-cel.ts';
import type { AccessPolicySpec, ReadRule } from './access-policy.ts';
import { namespacePatternProblems, type PolicyProblem } from './policy-problem.ts';

export interface CompiledReadRule {
  rule: ReadRule;
  conditions: readonly { name: string; expression: CelExpression }[];
}

/** What a policy says about reads, ready to judge with. */
export interface CompiledReads {
  defaultAction: 'Allow' | 'Deny';
  rules: readonly CompiledReadRule[];
}

/** Kubernetes' verbs for resources, and the methods that stand for them where a URL is no resource. */
const verbs = new Set([
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'proxy'],
  ...['head', 'post', 'put', '*'],
]);

/** Compiles `spec.reads`; what is wrong with it is added to `problems`. */
export function compileReads(reads: NonNullable<AccessPolicySpec['reads']>, problems: PolicyProblem[]): CompiledReads {
  const names = new Set<string>();
  const rules = (reads.rules ?? []).map((rule, i) => {
    const path = `spec.reads.rules[${String(i)}]`;
    if (names.has(rule.name)) problems.push({ path: `${path}.name`, message: `"${rule.name}" names another rule too` });
    names.add(rule.name);
    problems.push(...ruleProblems(rule, path));
    return { rule, conditions: conditionsOf(rule, path, problems) };
  });
  return { defaultAction: reads.defaultAction ?? 'Allow', rules };
}

function conditionsOf(rule: ReadRule, path: string, problems: PolicyProblem[]): CompiledReadRule['conditions'] {
  return (rule.matchConditions ?? []).flatMap(({ name, expression }, i) => {
    const compiled = compileReadCel(expression);
    if ('expression' in compiled) return [{ name, expression: compiled.expression }];
    problems.push({ path: `${path}.matchConditions[${String(i)}].expression`, message: compiled.problem });
    return [];
  });
}

/** A rule that can never match keeps nothing back, and nobody would notice. */
function ruleProblems(rule: ReadRule, path: string): PolicyProblem[] {
  const unknown = rule.verbs.flatMap((verb, i) =>
    verbs.has(verb)
      ? []
      : [{ path: `${path}.verbs[${String(i)}]`, message: `"${verb}" is no verb; there are ${[...verbs].join(', ')}` }],
  );
  const urls = (rule.nonResourceURLs ?? []).flatMap((url, i) => {
    const message = urlProblem(url);
    return message === undefined ? [] : [{ path: `${path}.nonResourceURLs[${String(i)}]`, message }];
  });
  return [...unknown, ...urls, ...namespacePatternProblems(rule.namespaces ?? [], `${path}.namespaces`)];
}

function urlProblem(url: string): string | undefined {
  if (!url.startsWith('/') && url !== '*') return `"${url}" does not begin with a slash`;
  if (url.slice(0, -1).includes('*'))
    return `"${url}" has a * that is not at its end, where alone it stands for the rest`;
  if (url.length > 1 && url.endsWith('/')) return `"${url}" ends with a slash, which no path that is judged does`;
  return undefined;
}

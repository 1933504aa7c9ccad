import { Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import type { JsonValue } from '../kubernetes/object.ts';

/** What an expression can see: Kubernetes' own names for the parts of an admission request. */
export interface CelVariables {
  object: JsonValue;
  oldObject: JsonValue;
  request: JsonValue;
  namespaceObject?: JsonValue;
}

/** The outcome of one evaluation. An error is an outcome too: what could not be evaluated was not true. */
export type CelOutcome = { type: 'True' } | { type: 'False' } | { type: 'Error'; message: string };

export type CelExpression = (variables: CelActivation) => CelOutcome;

/** Variables converted once per request: see {@link toCelActivation}. */
export type CelActivation = Readonly<Record<string, unknown>>;

const names = ['object', 'oldObject', 'request'] as const;

const environment = new Environment({
  unlistedVariablesAreDyn: false,
  enableOptionalTypes: true,
  // An expression is written by an admin, and judged on every request: these bounds keep one from being a program.
  limits: { maxAstNodes: 2_000, maxDepth: 64 },
});
for (const name of names) environment.registerVariable(name, 'dyn');

/**
 * The library's own `matches` is JavaScript's RegExp, which backtracks: a name of thirty letters, chosen by the agent that is
 * judged, could stop the webhook for seconds. RE2, which is also what Kubernetes has, takes linear time.
 */
const linearMatches = 'matchesRe2';
environment.registerFunction(`string.${linearMatches}(string): bool`, (text: string, pattern: string) =>
  regexOf(pattern).matcher(text).find(),
);

const maxRegexes = 512;
const regexes = new Map<string, RE2JS>();

/** Compiled once; a pattern may come from a request, so what is kept is bounded. */
function regexOf(pattern: string): RE2JS {
  const known = regexes.get(pattern);
  if (known !== undefined) return known;
  const regex = RE2JS.compile(pattern);
  if (regexes.size >= maxRegexes) regexes.clear();
  regexes.set(pattern, regex);
  return regex;
}

/** Compiles and type-checks. An expression that cannot yield a bool is refused here, not at the first request. */
export function compileCel(source: string): { expression: CelExpression } | { problem: string } {
  let program: ReturnType<typeof environment.parse>;
  try {
    program = environment.parse(source);
  } catch (error) {
    return { problem: `CEL does not parse: ${firstLineOf(error)}` };
  }
  const patterns = useLinearMatches(program.ast);
  for (const pattern of patterns) {
    try {
      regexOf(pattern);
    } catch (error) {
      return { problem: `CEL does not compile: matches(${JSON.stringify(pattern)}): ${firstLineOf(error)}` };
    }
  }
  const check = program.check();
  if (!check.valid) {
    return { problem: `CEL does not compile: ${firstLineOf(check.error)}; available: ${names.join(', ')}` };
  }
  if (check.type !== 'bool' && check.type !== 'dyn') {
    return { problem: `CEL must yield a bool, and this yields ${check.type ?? 'nothing'}` };
  }
  return {
    expression: (activation) => {
      try {
        const value: unknown = program(activation);
        if (value === true) return { type: 'True' };
        if (value === false) return { type: 'False' };
        return { type: 'Error', message: `yielded ${typeof value}, not a bool` };
      } catch (error) {
        return { type: 'Error', message: firstLineOf(error) };
      }
    },
  };
}

/** CEL's ints are BigInts in the engine. Converting a request once, not once per expression, is what keeps judging fast. */
export function toCelActivation(variables: CelVariables): CelActivation {
  return {
    object: withBigInts(variables.object),
    oldObject: withBigInts(variables.oldObject),
    request: withBigInts(variables.request),
  };
}

function withBigInts(value: JsonValue): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withBigInts);
  // A map, because an object with a key `__proto__` would lose it on assignment.
  return new Map(Object.entries(value).map(([key, each]) => [key, withBigInts(each)]));
}

/** Points every `x.matches(y)` of a parsed expression at RE2; tells the patterns that are written out in it. */
function useLinearMatches(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(useLinearMatches);
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return [];
  const { op, args } = node;
  const inner = useLinearMatches(args);
  if (op !== 'rcall' || !Array.isArray(args) || args[0] !== 'matches') return inner;
  args[0] = linearMatches;
  const [pattern] = args[2] as { op: string; args: unknown }[];
  return pattern?.op === 'value' && typeof pattern.args === 'string' ? [...inner, pattern.args] : inner;
}

function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}

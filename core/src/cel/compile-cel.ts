import type { JsonValue } from '../kubernetes/object.ts';
import { createCelEngine, firstLineOf, type CelEngine, type CheckedExpression } from './engine.ts';
import { compileRegex } from './library/regex.ts';
import { maxExpressionCost, maxRequestCost, type Meter } from './meter.ts';
import { fromJson, typeNameOf } from './values.ts';

/** What an expression can see: Kubernetes' own names for the parts of an admission request. */
export interface CelVariables {
  object: JsonValue;
  oldObject: JsonValue;
  request: JsonValue;
  /** The namespace that the object is in; null for what is in none, and where it is not known. */
  namespaceObject?: JsonValue;
}

/** The outcome of one evaluation. An error is an outcome too: what could not be evaluated was not true. */
export type CelOutcome = { type: 'True' } | { type: 'False' } | { type: 'Error'; message: string };

export type CelExpression = (activation: CelActivation) => CelOutcome;

const names = ['object', 'oldObject', 'request', 'namespaceObject'] as const;
const engine = createCelEngine(Object.fromEntries(names.map((name) => [name, 'dyn'])));
/** What a rule for reads can see: no object, for a read has none before it is answered. */
const readEngine = createCelEngine({
  request: {
    verb: 'string',
    path: 'string',
    isResourceRequest: 'bool',
    apiGroup: 'string',
    apiVersion: 'string',
    resource: 'string',
    subresource: 'string',
    namespace: 'string',
    name: 'string',
    labelSelector: 'string',
    fieldSelector: 'string',
    command: 'list<string>',
    container: 'string',
    query: 'map<string, list<string>>',
    user: { username: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' },
  },
});

/** One request, for all the expressions that look at it: see {@link toCelActivation}. */
export class CelActivation {
  readonly #variables: CelVariables;
  readonly #known = new Map<object, unknown>();
  readonly #meter: Meter;
  /** What the expressions over this request may still cost, all together. */
  budget = maxRequestCost;

  constructor(variables: CelVariables, meter: Meter) {
    this.#variables = variables;
    this.#meter = meter;
  }

  get object(): unknown {
    return this.#convert(this.#variables.object);
  }

  get oldObject(): unknown {
    return this.#convert(this.#variables.oldObject);
  }

  get request(): unknown {
    return this.#convert(this.#variables.request);
  }

  get namespaceObject(): unknown {
    return this.#convert(this.#variables.namespaceObject ?? null);
  }

  #convert(value: JsonValue): unknown {
    return fromJson(value, this.#known, this.#meter);
  }
}

/** Compiles and type-checks. An expression that cannot yield a bool is refused here, not at the first request. Never throws. */
export function compileCel(source: string): { expression: CelExpression } | { problem: string } {
  return compileWith(engine, source);
}

/** The same for a rule about reads, which sees `request` alone, field by field (see {@link toReadActivation}). Never throws. */
export function compileReadCel(source: string): { expression: CelExpression } | { problem: string } {
  return compileWith(readEngine, source);
}

function compileWith(checker: CelEngine, source: string): { expression: CelExpression } | { problem: string } {
  const checked = checker.check(source);
  if ('problem' in checked) return checked;
  const problem = patternProblem(checked);
  if (problem !== undefined) return { problem };
  if (checked.type !== 'bool' && checked.type !== 'dyn') {
    return { problem: `CEL must yield a bool, and this yields ${checked.type}` };
  }
  return {
    expression: (activation) => {
      const limit = Math.min(maxExpressionCost, activation.budget);
      try {
        const value = checked.evaluate(activation, limit);
        if (value === true) return { type: 'True' };
        if (value === false) return { type: 'False' };
        return { type: 'Error', message: `yielded ${typeNameOf(value)}, not a bool` };
      } catch (error) {
        return { type: 'Error', message: firstLineOf(error) };
      } finally {
        activation.budget -= limit - checked.left();
      }
    },
  };
}

/** What is wrong with a pattern that is written out in an expression; undefined when nothing is. */
export function patternProblem({ patterns }: Pick<CheckedExpression, 'patterns'>): string | undefined {
  for (const { name, pattern } of patterns) {
    try {
      compileRegex(pattern);
    } catch (error) {
      return `CEL does not compile: ${name}(${JSON.stringify(pattern)}): ${firstLineOf(error)}`;
    }
  }
  return undefined;
}

/** A request, converted as far as expressions read it, and then once: most read a field or two, and many read none. */
export function toCelActivation(variables: CelVariables): CelActivation {
  return new CelActivation(variables, engine.meter);
}

/** What CEL sees as `request` in a rule about reads: exactly these fields, for the checker knows them. */
export interface ReadVariables {
  readonly [field: string]: JsonValue;
  verb: string;
  path: string;
  isResourceRequest: boolean;
  apiGroup: string;
  apiVersion: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** As sent; empty where there is none. So is the next. */
  labelSelector: string;
  fieldSelector: string;
  /** Of an exec: what is to be run. Empty for anything else. */
  command: string[];
  /** Of exec, attach and logs, where it is said. */
  container: string;
  /** Every parameter of the URL, by name, each a list. */
  query: Record<string, string[]>;
  user: { username: string; groups: string[]; extra: Record<string, string[]> };
}

/** As {@link toCelActivation}, for the expressions of compileReadCel. */
export function toReadActivation(request: ReadVariables): CelActivation {
  return new CelActivation({ object: null, oldObject: null, request }, readEngine.meter);
}

import { Environment } from './cel-js.ts';
import { meter as meterTree } from './evaluation.ts';
import { namespaceType, type CelFunction } from './library.ts';
import { libraries } from './library/index.ts';
import { selectedFields, unescapeFieldNames } from './field-names.ts';
import { hasMacro, macros } from './macros.ts';
import { Meter } from './meter.ts';
import { replacedNames } from './functions.ts';
import { structuralProblem } from './structure.ts';
import { callOf, childrenOf, type Node } from './syntax-tree.ts';
import { celCompare, celEquals } from './values.ts';

/** An expression that was checked. Its type is `dyn` where only an evaluation can tell. */
export interface CheckedExpression {
  type: string;
  /** The value, at a cost of so much at most. Throws what an expression can run into. */
  evaluate(bindings: object, maxCost: number): unknown;
  /** What the last evaluation left of its `maxCost`. */
  left(): number;
  /** Patterns that are written out in it. */
  patterns: readonly { name: string; pattern: string }[];
  /** Fields that it selects of a variable: `claims.email`. */
  fields: readonly string[];
}

export interface CelEngine {
  readonly meter: Meter;
  /** Never throws. */
  check(source: string): CheckedExpression | { problem: string };
}

/**
 * Nodes of one expression; a rule is some dozen. Together with the depth it bounds the stack that an evaluation needs:
 * a chain of 2,000 sums is as deep as it is long, and takes about a third of V8's default stack.
 */
const maxNodes = 2_000;
const maxDepth = 64;
/** 2,000 nodes of eight characters; where an AccessPolicy needs more, it needs another rule. */
const maxSourceLength = 16_384;

/** The fields of a variable that has these and no others, each a CEL type or fields again: a field misspelled does not compile. */
export interface CelFields {
  readonly [field: string]: string | CelFields;
}

/**
 * CEL as Kubernetes has it, on the library's parser and type checker; what is evaluated is metered (evaluation.ts).
 *
 * @param variables their CEL types or fields, by name
 * @param options.escapedFields whether `kubernetes__dot__io` selects the field `kubernetes.io`. @default false
 */
export function createCelEngine(
  variables: Readonly<Record<string, string | CelFields>>,
  options: { escapedFields?: boolean } = {},
): CelEngine {
  const meter = new Meter();
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    enableOptionalTypes: true,
    // `"%s %d".format([name, 3])` needs a list of unlike things.
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: maxNodes, maxDepth },
  });
  const equals = (a: unknown, b: unknown): boolean => celEquals(a, b, meter);
  for (const { types, namespaces, functions } of libraries.map((each) => each(meter))) {
    for (const { name, constructor } of types ?? []) {
      // No fields: a value of ours is asked by its functions alone, never by what JavaScript has on it.
      environment.registerType(name, { ctor: constructor, fields: {} } as never);
      environment.registerOperator(`${name} == ${name}`, equals);
    }
    for (const name of namespaces ?? []) {
      const Namespace = class {
        readonly namespace = name;
      };
      environment.registerType(namespaceType(name), { ctor: Namespace, fields: {} } as never);
      environment.registerConstant(name, namespaceType(name), new Namespace() as never);
    }
    for (const each of functions) environment.registerFunction(signatureOf(each), each.run as never);
  }
  for (const { signature, expand } of macros(meter)) environment.registerFunction(signature, expand as never);
  for (const [name, type] of Object.entries(variables)) {
    if (typeof type === 'string') environment.registerVariable(name, type);
    else environment.registerVariable({ name, schema: type } as never);
  }
  // What the library's checker does not know to be comparable. The evaluation is ours in any case.
  environment.registerOperator('optional<A> == optional<A>', equals);
  for (const operator of ['<', '<=', '>', '>=']) {
    environment.registerOperator(`bytes ${operator} bytes: bool`, (a, b) => celCompare(a, b, meter) < 0);
  }
  const available = Object.keys(variables).join(', ');

  function parse(source: string): { program: ReturnType<typeof environment.parse>; tree: Node } | { problem: string } {
    if (source.length > maxSourceLength) {
      return { problem: `CEL is ${String(source.length)} characters long, and ${String(maxSourceLength)} are allowed` };
    }
    try {
      const program = environment.parse(source);
      const tree = program.ast as unknown as Node;
      const problem = structuralProblem(tree, source, available);
      return problem === undefined ? { program, tree } : { problem: `CEL does not compile: ${problem}` };
    } catch (error) {
      return { problem: `CEL does not parse: ${firstLineOf(error)}` };
    }
  }

  return {
    meter,
    check(source) {
      const parsed = parse(source);
      if ('problem' in parsed) return parsed;
      const { program, tree } = parsed;
      try {
        const patterns = patternsIn(tree);
        const fields = selectedFields(tree);
        if (options.escapedFields === true) unescapeFieldNames(tree);
        replaceCalls(tree);
        const check = program.check();
        if (!check.valid) {
          return { problem: `CEL does not compile: ${firstLineOf(check.error)}; available: ${available}` };
        }
        meterTree(tree, meter);
        return {
          type: check.type ?? 'dyn',
          evaluate(bindings, maxCost) {
            meter.start(maxCost);
            return program(bindings as Record<string, unknown>) as unknown;
          },
          left: () => Math.max(meter.left, 0),
          patterns,
          fields,
        };
      } catch (error) {
        // A tree that is too deep for the stack: as good as one beyond the bounds above.
        return { problem: `CEL does not compile: ${firstLineOf(error)}` };
      }
    },
  };
}

/** Where the library has a function of the same name, ours goes by another, which `replaceCalls` puts in. */
function signatureOf({ signature }: CelFunction): string {
  return signature.replace(/(\w+)\(/, (whole, name: string) => (replacedNames.has(name) ? `${name}__(` : whole));
}

function replaceCalls(node: Node): void {
  const call = callOf(node);
  if (call !== undefined) {
    if (call.name === 'has' && call.receiver === null) {
      node.setMeta('macro', hasMacro({ ast: node, args: call.args, receiver: null }));
    } else if (replacedNames.has(call.name)) (node.args as unknown[])[0] = `${call.name}__`;
  }
  for (const child of childrenOf(node)) replaceCalls(child);
}

const patternPlace: Readonly<Record<string, true>> = { matches: true, find: true, findAll: true };

function patternsIn(node: Node): { name: string; pattern: string }[] {
  const call = callOf(node);
  const argument = call?.receiver ? call.args[0] : call?.args[1];
  const pattern = argument?.op === 'value' ? argument.args : undefined;
  const here =
    call !== undefined && patternPlace[call.name] === true && typeof pattern === 'string'
      ? [{ name: call.name, pattern }]
      : [];
  return [...here, ...childrenOf(node).flatMap(patternsIn)];
}

export function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n', 1)[0] ?? message).replaceAll(/(\w)__\b/g, '$1');
}

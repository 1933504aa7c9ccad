import { Optional } from './cel-js.ts';
import { itemsOf } from './evaluation.ts';
import { costOfError, EvaluationLimitError, type Meter } from './meter.ts';
import type { CheckedType, Checker, Context, Evaluator, Macro, MacroCall, Node } from './syntax-tree.ts';
import { keyOf, select, typeNameOf } from './values.ts';

/** What takes an expression rather than its value: by signature, for the library's `registerFunction`. */
export interface CelMacro {
  signature: string;
  expand: (call: MacroCall) => Macro;
}

/**
 * `has(a.b)`: whether there is a `b`. The library's own takes nothing but names and dots (`has(c[0].image)` is an error
 * there), and says "no" for a field of null or of a string, where CEL has an error.
 */
export function hasMacro({ args }: MacroCall): Macro {
  const [selection] = args;
  if (selection?.op !== '.') throw new Error('has() takes a field: has(object.spec)');
  const [left, key] = selection.args as [Node, string];
  return {
    typeCheck(checker, _macro, context) {
      checker.check(selection, context);
      return checker.getType('bool');
    },
    evaluate(evaluator, _macro, context) {
      const value = evaluator.run(left, context);
      if (!(value instanceof Optional)) return select(value, key) !== undefined;
      return value.hasValue() && select(value.value(), key) !== undefined;
    },
    async: false,
  };
}

/** What a macro over two variables does with each pair; `done` ends it. */
interface Fold {
  step(run: (node: Node) => unknown, key: unknown): 'done' | 'more';
  result(): unknown;
  /** Whether an error in one pair may be made good by another that decides. */
  errorsAreFatal: boolean;
}

function twoVariableMacro(signature: string, type: string, fold: (expressions: readonly Node[], meter: Meter) => Fold) {
  return (meter: Meter): CelMacro => ({
    signature,
    expand({ args, receiver }) {
      const [first, second, ...expressions] = args as [Node, Node, ...Node[]];
      const [keyName, valueName] = [nameOf(first), nameOf(second)];
      if (keyName === valueName) throw new Error(`the two variables are both called ${keyName}`);
      const range = receiver as Node;
      const inner: { key?: Context; value?: Context } = {};
      return {
        typeCheck(checker, _macro, context) {
          const [keyType, valueType] = pairTypes(checker, checker.check(range, context));
          inner.key = context.forkWithVariable(keyName, keyType);
          inner.value = inner.key.forkWithVariable(valueName, valueType);
          for (const each of expressions) checker.check(each, inner.value);
          return checker.getType(type);
        },
        evaluate(evaluator, _macro, context) {
          const { key: keyContext, value: valueContext } = inner;
          if (keyContext === undefined || valueContext === undefined)
            throw new Error('evaluated before it was checked');
          const folding = fold(expressions, meter);
          let failure: unknown;
          for (const [key, value] of pairsOf(evaluator.run(range, context), meter)) {
            meter.spend(1);
            const outer = keyContext.reuse(context).setIterValue(key, evaluator);
            const scope = valueContext.reuse(outer).setIterValue(value, evaluator);
            try {
              if (folding.step((node) => evaluator.run(node, scope), key) === 'done') return folding.result();
            } catch (error) {
              if (folding.errorsAreFatal || error instanceof EvaluationLimitError) throw error;
              meter.spend(costOfError);
              failure ??= error;
            }
          }
          if (failure !== undefined) throw failure as Error;
          return folding.result();
        },
        async: false,
      };
    },
  });
}

function nameOf(node: Node): string {
  if (node.op !== 'id') throw new Error('a macro names its variables first');
  return node.args as string;
}

function pairTypes(checker: Checker, range: CheckedType): [CheckedType, CheckedType] {
  const dyn = checker.getType('dyn');
  if (range.kind === 'list') return [checker.getType('int'), range.valueType ?? dyn];
  if (range.kind === 'map') return [range.keyType ?? dyn, range.valueType ?? dyn];
  if (range.kind === 'dyn') return [dyn, dyn];
  throw new Error(`a value of type ${range.name} has no elements to go through`);
}

function pairsOf(range: unknown, meter: Meter): Iterable<readonly [unknown, unknown]> {
  if (range instanceof Map) return range as Map<unknown, unknown>;
  const items = itemsOf(range, meter);
  return (function* pairs(): Generator<readonly [unknown, unknown]> {
    for (const [i, each] of items.entries()) yield [BigInt(i), each];
  })();
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`a predicate must be bool, and this one is ${typeNameOf(value)}`);
}

function quantifier(decides: boolean): (expressions: readonly Node[]) => Fold {
  return ([predicate]) => {
    let decided = false;
    return {
      step(run) {
        decided = isTrue(run(predicate as Node)) === decides;
        return decided ? 'done' : 'more';
      },
      result: () => decided === decides,
      errorsAreFatal: false,
    };
  };
}

function exactlyOne([predicate]: readonly Node[]): Fold {
  let count = 0;
  return {
    step(run) {
      if (isTrue(run(predicate as Node))) count += 1;
      return 'more';
    },
    result: () => count === 1,
    errorsAreFatal: true,
  };
}

/** `transform…(k, v, [filter,] transform)`: what `add` makes of each pair that passes the filter. */
function transformation<T>(start: () => T, add: (made: T, value: unknown, key: unknown) => void) {
  return (expressions: readonly Node[]): Fold => {
    const transform = expressions.at(-1) as Node;
    const filter = expressions.length === 2 ? expressions[0] : undefined;
    const made = start();
    return {
      step(run, key) {
        if (filter === undefined || isTrue(run(filter))) add(made, run(transform), key);
        return 'more';
      },
      result: () => made,
      errorsAreFatal: true,
    };
  };
}

const toList = transformation<unknown[]>(
  () => [],
  (list, value) => list.push(value),
);
const toMap = transformation<Map<unknown, unknown>>(
  () => new Map(),
  (map, value, key) => map.set(keyOf(key), value),
);
const toEntries = transformation<Map<unknown, unknown>>(
  () => new Map(),
  (map, value) => {
    if (!(value instanceof Map)) throw new Error(`transformMapEntry makes maps, and this is a ${typeNameOf(value)}`);
    for (const [key, each] of value as Map<unknown, unknown>) {
      if (map.has(key)) throw new Error(`a map has the key ${String(key)} once`);
      map.set(key, each);
    }
  },
);

function optionalMacro(
  name: string,
  finish: (value: unknown) => unknown,
  typeOf: (checker: Checker, type: CheckedType) => CheckedType,
): CelMacro {
  return {
    signature: `optional.${name}(ast, ast): optional<dyn>`,
    expand({ args, receiver }) {
      const [variable, expression] = args as [Node, Node];
      const variableName = nameOf(variable);
      const on = receiver as Node;
      let inner: Context | undefined;
      return {
        typeCheck(checker, _macro, context) {
          const type = checker.check(on, context);
          if (type.kind !== 'optional' && type.kind !== 'dyn')
            throw new Error(`${name} is for optionals, not ${type.name}`);
          inner = context.forkWithVariable(variableName, type.valueType ?? checker.getType('dyn'));
          return typeOf(checker, checker.check(expression, inner));
        },
        evaluate(evaluator: Evaluator, _macro, context) {
          const value = evaluator.run(on, context);
          if (!(value instanceof Optional)) throw new Error(`${name} is for optionals, not ${typeNameOf(value)}`);
          if (!value.hasValue()) return Optional.none();
          return finish(
            evaluator.run(expression, (inner as Context).reuse(context).setIterValue(value.value(), evaluator)),
          );
        },
        async: false,
      };
    },
  };
}

export function macros(meter: Meter): CelMacro[] {
  return [
    twoVariableMacro('list.all(ast, ast, ast): bool', 'bool', quantifier(false)),
    twoVariableMacro('list.exists(ast, ast, ast): bool', 'bool', quantifier(true)),
    twoVariableMacro('list.exists_one(ast, ast, ast): bool', 'bool', exactlyOne),
    twoVariableMacro('list.existsOne(ast, ast, ast): bool', 'bool', exactlyOne),
    twoVariableMacro('list.transformList(ast, ast, ast): list<dyn>', 'list<dyn>', toList),
    twoVariableMacro('list.transformList(ast, ast, ast, ast): list<dyn>', 'list<dyn>', toList),
    twoVariableMacro('list.transformMap(ast, ast, ast): map<dyn, dyn>', 'map<dyn, dyn>', toMap),
    twoVariableMacro('list.transformMap(ast, ast, ast, ast): map<dyn, dyn>', 'map<dyn, dyn>', toMap),
    twoVariableMacro('list.transformMapEntry(ast, ast, ast): map<dyn, dyn>', 'map<dyn, dyn>', toEntries),
    twoVariableMacro('list.transformMapEntry(ast, ast, ast, ast): map<dyn, dyn>', 'map<dyn, dyn>', toEntries),
  ]
    .map((make) => make(meter))
    .concat([
      optionalMacro(
        'optMap',
        (value) => Optional.of(value),
        (checker, type) => checker.registry.getOptionalType(type),
      ),
      optionalMacro(
        'optFlatMap',
        (value) => {
          if (value instanceof Optional) return value;
          throw new Error(`optFlatMap makes an optional, and this is ${typeNameOf(value)}`);
        },
        (checker, type) => (type.kind === 'optional' ? type : checker.getType('optional')),
      ),
    ]);
}

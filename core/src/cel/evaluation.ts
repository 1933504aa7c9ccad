import { calculate, type ArithmeticOperator } from './arithmetic.ts';
import { Optional } from './cel-js.ts';
import { costOfError, EvaluationLimitError, type Meter } from './meter.ts';
import { childrenOf, type Comprehension, type Context, type Evaluator, type Node } from './syntax-tree.ts';
import { celCompare, celEquals, isIn, keyOf, select, toInt, typeNameOf } from './values.ts';

type Evaluate = Node['evaluate'];

/**
 * Gives every node of a checked tree an evaluation of our own. The library's is written for data that its caller chose;
 * here the agent that is judged chooses them:
 *
 * - each step is paid for, so that no evaluation runs on, and nothing in the expression catches that it was cut off;
 * - a value's type is never told by what a list or map holds first, nor named by how deep it is nested: the library does
 *   both, which makes `x in list` an error when an agent puts a number first, and ten thousand nested lists a leak;
 * - equality is CEL's own, for numbers of unlike types within lists and maps too.
 */
export function meter(node: Node, meterOf: Meter): void {
  const evaluate = evaluations[node.op];
  // What stands in for a call was metered as the child that it is.
  if (node.meta.alternate === undefined && node.meta.macro === undefined && evaluate !== undefined) {
    node.evaluate = evaluate(node, meterOf);
  }
  for (const child of childrenOf(node)) meter(child, meterOf);
}

const evaluations: Readonly<Record<string, ((node: Node, meter: Meter) => Evaluate) | undefined>> = {
  '.': access,
  '[]': access,
  '.?': optionalAccess,
  '[?]': optionalAccess,
  call,
  rcall: call,
  list: (node, meter) => {
    const elements = node.args as Node[];
    return (evaluator, _node, context) => {
      meter.spend(1 + elements.length);
      return elements.map((each) => evaluator.run(each, context));
    };
  },
  map: mapLiteral,
  comprehension,
  '?:': (node, meter) => {
    const [condition, then, otherwise] = node.args as [Node, Node, Node];
    return (evaluator, _node, context) => {
      meter.spend(1);
      const value = evaluator.run(condition, context);
      if (typeof value !== 'boolean') throw new Error(`a condition must be bool, and this one is ${typeNameOf(value)}`);
      return evaluator.run(value ? then : otherwise, context);
    };
  },
  '&&': (node, meter) => logical(node, meter, false),
  '||': (node, meter) => logical(node, meter, true),
  '!_': (node, meter) => {
    const operand = node.args as Node;
    return (evaluator, _node, context) => {
      meter.spend(1);
      const value = evaluator.run(operand, context);
      if (typeof value !== 'boolean') throw new Error(`no such overload: !${typeNameOf(value)}`);
      return !value;
    };
  },
  '-_': (node, meter) => {
    const operand = node.args as Node;
    return (evaluator, _node, context) => {
      meter.spend(1);
      const value = evaluator.run(operand, context);
      if (typeof value === 'bigint') return toInt(-value);
      if (typeof value === 'number') return -value;
      throw new Error(`no such overload: -${typeNameOf(value)}`);
    };
  },
  '==': (node, meter) => binary(node, (a, b) => celEquals(a, b, meter)),
  '!=': (node, meter) => binary(node, (a, b) => !celEquals(a, b, meter)),
  in: (node, meter) => binary(node, (a, b) => isIn(a, b, meter)),
  '<': (node, meter) => binary(node, (a, b) => celCompare(a, b, meter) < 0),
  '<=': (node, meter) => binary(node, (a, b) => celCompare(a, b, meter) <= 0),
  '>': (node, meter) => binary(node, (a, b) => celCompare(a, b, meter) > 0),
  '>=': (node, meter) => binary(node, (a, b) => celCompare(a, b, meter) >= 0),
  '+': arithmetic,
  '-': arithmetic,
  '*': arithmetic,
  '/': arithmetic,
  '%': arithmetic,
};

function binary(node: Node, operate: (a: unknown, b: unknown) => unknown): Evaluate {
  const [left, right] = node.args as [Node, Node];
  return (evaluator, _node, context) => operate(evaluator.run(left, context), evaluator.run(right, context));
}

function arithmetic(node: Node, meter: Meter): Evaluate {
  return binary(node, (a, b) => calculate(node.op as ArithmeticOperator, a, b, meter));
}

/** `.name` has its key in the tree; `[key]` evaluates it. */
function keyEvaluation(node: Node): (evaluator: Evaluator, context: Context) => unknown {
  const key = (node.args as [Node, Node | string])[1];
  return typeof key === 'string' ? () => key : (evaluator, context) => evaluator.run(key, context);
}

function access(node: Node, meter: Meter): Evaluate {
  const [left] = node.args as [Node];
  const keyIn = keyEvaluation(node);
  return (evaluator, _node, context) => {
    meter.spend(1);
    const value = evaluator.run(left, context);
    const key = keyIn(evaluator, context);
    // What comes after an optional is optional itself: `object.?spec.replicas`.
    if (value instanceof Optional) return selectOptional(value, key);
    const selected = select(value, key);
    if (selected !== undefined) return selected;
    throw new Error(Array.isArray(value) ? `index out of bounds: ${String(key)}` : `No such key: ${String(key)}`);
  };
}

function optionalAccess(node: Node, meter: Meter): Evaluate {
  const [left] = node.args as [Node];
  const keyIn = keyEvaluation(node);
  return (evaluator, _node, context) => {
    meter.spend(1);
    const value = evaluator.run(left, context);
    return selectOptional(value instanceof Optional ? value : Optional.of(value), keyIn(evaluator, context));
  };
}

function selectOptional(value: Optional, key: unknown): Optional {
  if (!value.hasValue()) return Optional.none();
  const selected = select(value.value(), key);
  return selected === undefined ? Optional.none() : Optional.of(selected);
}

function mapLiteral(node: Node, meter: Meter): Evaluate {
  const entries = node.args as [Node, Node][];
  return (evaluator, _node, context) => {
    meter.spend(1 + entries.length);
    const map = new Map<unknown, unknown>();
    for (const [keyNode, valueNode] of entries) {
      const key = evaluator.run(keyNode, context);
      if (!['string', 'bool', 'int', 'uint'].includes(typeNameOf(key))) {
        throw new Error(`unsupported key type: ${typeNameOf(key)}`);
      }
      if (map.has(keyOf(key))) throw new Error(`a map has the key ${String(key)} once`);
      map.set(keyOf(key), evaluator.run(valueNode, context));
    }
    return map;
  };
}

/** One operand that decides is enough, whatever error the other ran into. */
function logical(node: Node, meter: Meter, decides: boolean): Evaluate {
  const [left, right] = node.args as [Node, Node];
  return (evaluator, _node, context) => {
    meter.spend(1);
    let failure: unknown;
    try {
      const value = boolOf(evaluator.run(left, context));
      if (value === decides) return decides;
    } catch (error) {
      if (error instanceof EvaluationLimitError) throw error;
      meter.spend(costOfError);
      failure = error;
    }
    if (boolOf(evaluator.run(right, context)) === decides) return decides;
    if (failure !== undefined) throw failure as Error;
    return !decides;
  };
}

function boolOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`Logical operator requires bool operands, got '${typeNameOf(value)}'`);
}

/** Which overload is meant is told by the values' own types, never by what is in them. */
function call(node: Node, meter: Meter): Evaluate {
  const [name] = node.args as [string];
  const receiver = node.op === 'rcall' ? (node.args as [string, Node])[1] : undefined;
  const args = node.args instanceof Array ? (node.args.at(-1) as Node[]) : [];
  const declarations = node.candidates?.declarations ?? [];
  return (evaluator, _node, context) => {
    meter.spend(1);
    const on = receiver === undefined ? undefined : evaluator.run(receiver, context);
    const values = args.map((each) => evaluator.run(each, context));
    payFor(on, meter);
    for (const each of values) payFor(each, meter);
    for (const { receiverType, argTypes, handler } of declarations) {
      if (receiverType !== null && !receiverType.matchesValueType(on, evaluator)) continue;
      if (!argTypes.every((type, i) => type.matchesValueType(values[i], evaluator))) continue;
      const result = receiver === undefined ? handler.apply(evaluator, values) : handler.call(evaluator, on, ...values);
      payFor(result, meter);
      return result;
    }
    const types = values.map(typeNameOf).join(', ');
    const target = receiver === undefined ? '' : `${typeNameOf(on)}.`;
    throw new Error(`found no matching overload for '${target}${name.replace(/__$/, '')}(${types})'`);
  };
}

/** Every function reads its arguments and writes its result once or so. What does more pays for it itself. */
function payFor(value: unknown, meter: Meter): void {
  if (typeof value === 'string' || value instanceof Uint8Array) meter.spendString(value.length);
}

function comprehension(node: Node, meter: Meter): Evaluate {
  const { iterable, init, step, condition, result, errorsAreFatal, iterCtx } = node.args as Comprehension;
  return (evaluator, _node, context) => {
    const items = itemsOf(evaluator.run(iterable, context), meter);
    const inner = iterCtx.reuse(context);
    let accumulated = evaluator.run(init, inner);
    inner.accuValue = accumulated;
    let failure: unknown;
    for (const item of items) {
      if (condition !== undefined && !condition(accumulated)) break;
      meter.spend(1);
      try {
        accumulated = evaluator.run(step, inner.setIterValue(item, evaluator));
      } catch (error) {
        // `all` and `exists` are an && and || of what they look at: one element that decides is enough.
        if (errorsAreFatal || error instanceof EvaluationLimitError) throw error;
        meter.spend(costOfError);
        failure ??= error;
      }
    }
    if (failure !== undefined && (condition === undefined || condition(accumulated))) throw failure as Error;
    return result(accumulated);
  };
}

/** What a comprehension goes through: a list's elements, a map's keys. */
export function itemsOf(range: unknown, meter: Meter): readonly unknown[] {
  meter.spend(1);
  if (Array.isArray(range)) return range as unknown[];
  if (range instanceof Map) {
    meter.spend(range.size / 10);
    return [...range.keys()] as unknown[];
  }
  throw new Error(`a value of type ${typeNameOf(range)} has no elements to go through`);
}

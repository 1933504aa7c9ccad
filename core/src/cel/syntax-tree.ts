/** The parts of the CEL library's tree that we read and steer by. It is internal to that library, hence the exact pin. */
export interface Node {
  op: string;
  args: unknown;
  start: number;
  end: number;
  meta: { alternate?: Node; macro?: Macro };
  checkedType?: { kind: string };
  candidates?: { declarations: readonly Declaration[] };
  evaluate(evaluator: Evaluator, node: Node, context: Context): unknown;
  setMeta(key: string, value: unknown): Node;
}

export interface Declaration {
  receiverType: ValueType | null;
  argTypes: readonly ValueType[];
  handler: (this: Evaluator, ...values: unknown[]) => unknown;
}

export interface ValueType {
  matchesValueType(value: unknown, evaluator: Evaluator): boolean;
}

export interface Evaluator {
  run(node: Node, context: Context): unknown;
}

/** The variables in scope. */
export interface Context {
  accuValue: unknown;
  reuse(parent: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
  forkWithVariable(name: string, type: unknown): Context;
}

export interface Checker {
  check(node: Node, context: Context): CheckedType;
  getType(name: string): CheckedType;
  registry: { getOptionalType(type: CheckedType): CheckedType };
}

export interface CheckedType {
  kind: string;
  name: string;
  keyType?: CheckedType;
  valueType?: CheckedType;
}

/** What the library runs in place of a call: see its `registerFunction` for arguments of type `ast`. */
export interface Macro {
  typeCheck(checker: Checker, macro: Macro, context: Context): unknown;
  evaluate(evaluator: Evaluator, macro: Macro, context: Context): unknown;
  async: false;
}

/** What a macro is made from. */
export interface MacroCall {
  ast: Node;
  args: readonly Node[];
  receiver: Node | null;
}

export interface Comprehension {
  kind?: 'quantifier';
  errorsAreFatal: boolean;
  iterable: Node;
  iterVarName: string;
  init: Node;
  step: Node;
  condition?: (accumulated: unknown) => boolean;
  result: (accumulated: unknown) => unknown;
  iterCtx: Context;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'meta' in value;
}

/** The nodes that are evaluated for this one. A macro that was expanded stands in for the call it was written as. */
export function childrenOf(node: Node): Node[] {
  if (node.meta.alternate !== undefined) return [node.meta.alternate];
  if (node.op === 'comprehension') {
    const { iterable, init, step } = node.args as Comprehension;
    return [iterable, init, step];
  }
  const children = (value: unknown): Node[] =>
    isNode(value) ? [value] : Array.isArray(value) ? value.flatMap(children) : [];
  return children(node.args);
}

/** A call's name, receiver and arguments; undefined for anything that is no call. */
export function callOf(node: Node): { name: string; receiver: Node | null; args: Node[] } | undefined {
  if (node.op === 'call') {
    const [name, args] = node.args as [string, Node[]];
    return { name, receiver: null, args };
  }
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args as [string, Node, Node[]];
    return { name, receiver, args };
  }
  return undefined;
}

import { functionNames } from './functions.ts';
import { callOf, childrenOf, type Comprehension, type Node } from './syntax-tree.ts';
import { maxInt } from './values.ts';

/**
 * Loops within loops. Over n elements each level costs n times more, and an object of 3 MiB can hold a million; what real
 * rules need is containers, what is in each, and a look-up: three. The meter ends what still takes too long.
 */
const maxNestedComprehensions = 3;

/** What Kubernetes has and an expression here has not, and why. */
const absent: ReadonlyMap<string, string> = new Map([
  ['authorizer', 'is not there: the engine asks nobody, and RBAC has allowed the request before it comes here'],
  ['params', 'is not there: a policy here has no parameter resources'],
  ['variables', 'is not there: a policy here has no variables; cel.bind(name, value, expression) names a value'],
]);

const twoVariables = new Set(['transformList', 'transformMap', 'transformMapEntry', 'existsOne']);
const oneVariable = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/**
 * What is wrong with a tree that parses, whatever its types are; undefined when nothing is.
 *
 * @param source what the tree was parsed from
 * @param available the variables, for the sentence that says what there is
 */
export function structuralProblem(tree: Node, source: string, available: string): string | undefined {
  return problemOf(tree, { source, available, loops: 0, negated: false, named: new Set(available.split(', ')) });
}

interface Place {
  source: string;
  available: string;
  loops: number;
  negated: boolean;
  named: ReadonlySet<string>;
}

function problemOf(node: Node, place: Place): string | undefined {
  if (node.op === 'id' && absent.has(node.args as string) && !place.named.has(node.args as string)) {
    const name = node.args as string;
    return `${name} ${absent.get(name) ?? ''}; available: ${place.available}`;
  }
  if (node.op === 'value' && typeof node.args === 'bigint') {
    // The parser has the sign apart: 2^63 is an int only where it is negated.
    if (node.args > (place.negated ? maxInt + 1n : maxInt))
      return `${String(node.args)} is no int: it has more than 64 bits`;
  }
  if (node.op === 'value' && node.args instanceof Uint8Array) {
    // The parser keeps the low byte of a character beyond ASCII; CEL has its UTF-8.
    const literal = place.source.slice(Math.max(0, node.start - 1), node.end + 1);
    if (/\P{ASCII}/u.test(literal)) return 'a bytes literal is ASCII here: write bytes("…") instead';
  }
  const loops = place.loops + (isLoop(node) ? 1 : 0);
  if (loops > maxNestedComprehensions) {
    return `loops are nested more than ${String(maxNestedComprehensions)} deep (all, exists, map, filter, transform…)`;
  }
  const named = new Set([...place.named, ...namesIn(node)]);
  for (const child of childrenOf(node)) {
    const problem = problemOf(child, { ...place, loops, named, negated: node.op === '-_' });
    if (problem !== undefined) return problem;
  }
  // Last, so that `authorizer.group("")` is told about the authorizer.
  const call = callOf(node);
  return call === undefined || functionNames.has(call.name) ? undefined : `there is no function ${call.name}`;
}

function isLoop(node: Node): boolean {
  if (node.op === 'comprehension') return true;
  const call = callOf(node);
  if (!call?.receiver || node.meta.macro === undefined) return false;
  return twoVariables.has(call.name) || (oneVariable.has(call.name) && call.args.length > 2);
}

/** The names that an expression gives itself. */
function namesIn(node: Node): string[] {
  if (node.op === 'comprehension') return [(node.args as Comprehension).iterVarName];
  const call = callOf(node);
  if (call === undefined || node.meta.macro === undefined) return [];
  return call.args.slice(0, 2).flatMap((each) => (each.op === 'id' ? [each.args as string] : []));
}

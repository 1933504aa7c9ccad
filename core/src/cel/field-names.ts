import { childrenOf, type Node } from './syntax-tree.ts';

/** What stands for a character that a field's name cannot have in an expression. Source: k8s.io/apiserver pkg/cel/escaping.go. */
const escapes: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void ' +
    'while'
  ).split(' '),
);

/** `kubernetes__dot__io` → `kubernetes.io`; a name in which nothing stands for anything else as it is. */
export function unescapedFieldName(name: string): string {
  const [, keyword] = /^__([a-z]+)__$/.exec(name) ?? [];
  if (keyword !== undefined && reserved.has(keyword)) return keyword;
  return name.replace(/__([a-z]+)__/g, (whole, word: string) => escapes[word] ?? whole);
}

/** Has every `.name` of a tree select the field that its name stands for. */
export function unescapeFieldNames(node: Node): void {
  if (isSelection(node) && Array.isArray(node.args)) {
    const [, name] = node.args as [Node, Node | string];
    if (typeof name === 'string') node.args[1] = unescapedFieldName(name);
    else if (name.op === 'value' && typeof name.args === 'string') name.args = unescapedFieldName(name.args);
  }
  for (const child of childrenOf(node)) unescapeFieldNames(child);
}

/** `variable.name` for every field that is selected of a name itself, in `has` and behind `?` too; not by an index. */
export function selectedFields(node: Node): string[] {
  const below = childrenOf(node).flatMap(selectedFields);
  if (!isSelection(node)) return below;
  const [of, name] = node.args as [Node, Node | string];
  const field = typeof name === 'string' ? name : name.args;
  return of.op === 'id' && typeof field === 'string' ? [`${String(of.args)}.${field}`, ...below] : below;
}

function isSelection(node: Node): boolean {
  return node.op === '.' || node.op === '.?';
}

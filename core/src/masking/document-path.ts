import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';

/**
 * Where a value stands in a document, a step a level: `.field`, `[name]` for an item of a list that has a name, `[]` for a text
 * in a list (words move when one is put before them), `[3]` for any other item.
 */
export type DocumentPath = readonly string[];

export function fieldStep(name: string): string {
  return `.${name}`;
}

/** By name where there is one, as Kubernetes merges lists: an item that moved is still the same. */
export function itemStep(item: JsonValue, at: number): string {
  if (typeof item === 'string') return '[]';
  return isJsonObject(item) && typeof item.name === 'string' ? `[${item.name}]` : `[${String(at)}]`;
}

/** For people: `spec.containers[app].env[TOKEN].value`. */
export function pathText(path: DocumentPath): string {
  return path.join('').replace(/^\./, '');
}

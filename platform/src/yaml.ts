import { isJsonObject, type JsonValue } from '@holdpoint/core';
import { parse, parseAllDocuments, parseDocument, stringify, type Document } from 'yaml';

/** Parses one YAML (or JSON) document. Throws the library's error, which tells line and column. */
export function parseYaml(text: string): unknown {
  return parse(text) as unknown;
}

/** Parses every document of a file, in order. Throws the first one's error that does not parse. */
export function parseYamlDocuments(text: string): unknown[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as unknown;
  });
}

/** Writes one YAML document, long strings unfolded, as kubectl does. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

/** Writes one YAML document with its fields in alphabetical order, as the API server does. */
export function toSortedYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false });
}

/** A line that parts documents. One that has content of its own belongs to its document. */
const separator = /^(---[ \t]*(?:#.*)?(?:\r?\n|$))/m;

/**
 * A YAML text with each of its documents edited. One that the edit returns as it is (the same reference) stays byte for byte;
 * of another, what did not change keeps its order and its comments. Undefined when a document cannot be read.
 */
export function editYaml(text: string, edit: (document: JsonValue) => JsonValue): string | undefined {
  const pieces: string[] = [];
  for (const [at, piece] of text.split(separator).entries()) {
    // Split by a pattern with one group: every second piece is a separator.
    const edited = at % 2 === 1 || piece.trim() === '' ? piece : editDocument(piece, edit);
    if (edited === undefined) return undefined;
    pieces.push(edited);
  }
  return pieces.join('');
}

function editDocument(text: string, edit: (document: JsonValue) => JsonValue): string | undefined {
  const document = parseDocument(text, { merge: true });
  if (document.errors.length > 0) return undefined;
  try {
    const value = document.toJS() as JsonValue;
    const edited = edit(value);
    if (edited === value) return text;
    const shape = { from: value, to: edited };
    // What an alias stands for cannot be changed in one place alone: JSON, which is YAML, says it without.
    const isPlain = !/[&*]/.test(text) && replaceIn(document, shape, []);
    return isPlain ? document.toString({ lineWidth: 0 }) : `${JSON.stringify(edited)}\n`;
  } catch {
    return undefined; // Aliases without end.
  }
}

/** Puts into a document what differs, value by value; false when that would change its shape. */
function replaceIn(document: Document, { from, to }: { from: JsonValue; to: JsonValue }, path: string[]): boolean {
  if (from === to) return true;
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.every((item, at) => replaceIn(document, { from: item, to: to[at] ?? null }, [...path, String(at)]));
  }
  if (isJsonObject(from) && isJsonObject(to)) {
    const names = Object.keys(from);
    if (names.length !== Object.keys(to).length || !names.every((name) => Object.hasOwn(to, name))) return false;
    return names.every((name) =>
      replaceIn(document, { from: from[name] ?? null, to: to[name] ?? null }, [...path, name]),
    );
  }
  if (typeof to === 'object' || !document.hasIn(path)) return false;
  document.setIn(path, to);
  return true;
}

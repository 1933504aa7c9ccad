import { parse, parseAllDocuments, stringify } from 'yaml';

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

import { parse, stringify } from 'yaml';

/** Parses one YAML (or JSON) document. Throws the library's error, which tells line and column. */
export function parseYaml(text: string): unknown {
  return parse(text) as unknown;
}

/** Writes one YAML document, long strings unfolded, as kubectl does. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

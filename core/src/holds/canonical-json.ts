import type { JsonValue } from '../kubernetes/object.ts';

/**
 * Writes a value in the one form RFC 8785 (JSON Canonicalization Scheme) gives it: keys in UTF-16 order, no white space,
 * numbers and strings as ECMAScript writes them. Equal values give equal bytes.
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort() // Array.prototype.sort compares UTF-16 code units, which is what the RFC asks for.
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

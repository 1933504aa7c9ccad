import { HoldpointError } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** Reading an AuthenticationConfiguration: each of these throws ERR_CONFIG_INVALID with the path of what is not as it should be. */

/** Refuses fields by name that are not among `fields`: what is not read must not look as if it were in force. */
export function onlyFields(object: JsonObject, path: string, fields: readonly string[]): void {
  for (const field of Object.keys(object)) {
    if (!fields.includes(field)) throw invalid(at(path, field), `not supported; supported here: ${fields.join(', ')}`);
  }
}

export function objectAt(value: JsonValue | undefined, path: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(path === '' ? 'the document' : path, 'expected an object');
  return value;
}

/** None where there is nothing. */
export function listAt(value: JsonValue | undefined, path: string): JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(path, 'expected a list');
  return value;
}

export function textAt(value: JsonValue | undefined, path: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(path, 'expected a non-empty string');
  return value;
}

/** Empty where there is nothing, as the API server's own reader has it. */
export function optionalTextAt(value: JsonValue | undefined, path: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw invalid(path, 'expected a string');
  return value;
}

/** @throws HoldpointError naming the first text that is there twice */
export function onlyOnce(texts: readonly string[], pathOf: (index: number) => string): void {
  const twice = texts.findIndex((text, index) => texts.indexOf(text) !== index);
  if (twice >= 0) throw invalid(pathOf(twice), `"${texts[twice] ?? ''}" is there already`);
}

export function at(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

export function invalid(path: string, problem: string): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', `AuthenticationConfiguration: ${path}: ${problem}`);
}

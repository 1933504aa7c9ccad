import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { textOfBase64 } from './base64-text.ts';
import { isPackedPayload } from './detectors/encoded.ts';
import { isSecretValue, secretNameKind } from './detectors/secret-name.ts';
import { maskFieldSet } from './mask-field-set.ts';
import type { Mask } from './mask.ts';
import { maskSecret, secretKey, type SecretKey } from './mask-secret.ts';
import { maskCommand, maskKey, maskText, maskWhole } from './mask-text.ts';

/**
 * Masks every credential anywhere in a decoded value, whatever kind it is of: values of Secrets however deep they lie,
 * fields and environment variables with a secret's name, command lines, JSON within texts, texts that hold a credential.
 * Never mutates its input; what holds none is returned as it is, the same reference. Idempotent. Recursive: a value nested
 * deeper than the stack throws a RangeError.
 *
 * @param name of the field that the value stands in: half of what tells a secret
 * @param otherwise what Secrets are taken for that do not name themselves
 */
export function maskDocument(value: JsonValue, mask: Mask, name = '', otherwise: SecretKey = nameless): JsonValue {
  if (typeof value === 'string') return maskStringAt(name, value, mask, otherwise);
  if (typeof value === 'number') return isSecretNumber(name, value) ? maskWhole(String(value), mask) : value;
  if (Array.isArray(value)) return maskItems(value, mask, name, otherwise);
  return isJsonObject(value) ? maskFields(value, mask, otherwise) : value;
}

const nameless: SecretKey = { namespace: '', name: '' };
/** Fields that hold a command line, a word an item. */
const commandNames = /^(?:args?|command|cmd|argv|entrypoint|exec)$/i;
const carriers = new Set(['Secret', 'TokenRequest', 'TokenReview', 'Table']);

function maskItems(items: JsonValue[], mask: Mask, name: string, otherwise: SecretKey): JsonValue {
  if (commandNames.test(name) && isWords(items)) {
    const words = maskCommand(items, mask);
    return words.every((word, at) => word === items[at]) ? items : words;
  }
  let masked: JsonValue[] | undefined;
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] ?? null;
    const changed = maskDocument(item, mask, name, otherwise);
    if (changed === item) continue;
    masked ??= [...items];
    masked[at] = changed;
  }
  return masked ?? items;
}

function maskFields(value: JsonObject, mask: Mask, otherwise: SecretKey): JsonValue {
  const { kind } = value;
  if (typeof kind === 'string' && carriers.has(kind) && !isReference(value))
    return maskCarrier(value, kind, mask, otherwise);
  if (typeof value.op === 'string' && typeof value.path === 'string')
    return maskOperation(value, value.path, mask, otherwise);
  // An environment variable, a header of a probe, a parameter: the field's name is in its neighbour.
  const named = value.value === undefined ? undefined : typeof value.name === 'string' ? value.name : value.key;
  const container =
    isWords(value.command) && isWords(value.args) ? maskContainer(value.command, value.args, mask) : undefined;
  return eachField(
    value,
    (field, each) => {
      if (container !== undefined && (field === 'command' || field === 'args')) return container[field];
      if (field === 'value' && typeof named === 'string') return maskDocument(each, mask, named, otherwise);
      if (field === 'stringData' && isPlainMap(each)) return maskAll(each, mask);
      if (field === 'binaryData' && isPlainMap(each)) return maskBinary(each, mask, otherwise);
      if (field === 'fieldsV1' && isJsonObject(each)) return maskManagedFields(each, mask);
      return maskDocument(each, mask, field, otherwise);
    },
    mask,
  );
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A ConfigMap's `binaryData`: what stands for a value must be base64 too, or no client can decode the object. */
function maskBinary(values: JsonObject, mask: Mask, otherwise: SecretKey): JsonObject {
  return eachField(
    values,
    (name, packed) => {
      if (typeof packed !== 'string') return packed;
      const text = isPackedPayload(packed) ? undefined : textOfBase64(packed);
      const shown = text === undefined ? maskText(packed, mask) : maskStringAt(name, text, mask, otherwise);
      if (shown === (text ?? packed)) return packed;
      return text === undefined && base64.test(shown) ? shown : base64OfText(shown);
    },
    mask,
  );
}

function maskManagedFields(fields: JsonObject, mask: Mask): JsonObject {
  return maskFieldSet(fields, {
    maskValue: (value, name) => maskDocument(value, mask, name),
    maskKey: (key) => (key.length < 16 ? key : maskKey(key, mask)),
    isSuspect: (name) => name === 'value' || mask.memory.kindOf(name) !== undefined,
  });
}

/** An owner, an event's object, a failure's details name a Secret, and are none. */
function isReference({ metadata, data, stringData, spec, status, rows }: JsonObject): boolean {
  return [metadata, data, stringData, spec, status, rows].every((part) => part === undefined);
}

/** A schema of `stringData` is no map of values. */
function isPlainMap(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every((each) => typeof each !== 'object' || each === null);
}

function isWords(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** One command line, of which the program often stands in one field and its flags in the other. */
function maskContainer(command: string[], args: string[], mask: Mask): { command: string[]; args: string[] } {
  const all = [...command, ...args];
  const masked = maskCommand(all, mask);
  const part = (was: string[], from: number): string[] =>
    was.every((word, at) => word === masked[from + at]) ? was : masked.slice(from, from + was.length);
  return { command: part(command, 0), args: part(args, command.length) };
}

/** The same reference when nothing changed. fromEntries defines own properties: a key called __proto__ stays a key. */
function eachField(value: JsonObject, maskOne: (field: string, each: JsonValue) => JsonValue, mask: Mask): JsonObject {
  const names = Object.keys(value);
  let fields: [string, JsonValue][] | undefined;
  for (const [at, field] of names.entries()) {
    const each = value[field] ?? null;
    const masked = maskOne(field, each);
    const shown = field.length < 16 ? field : maskKey(field, mask);
    if (fields === undefined && (masked !== each || shown !== field)) {
      fields = names.slice(0, at).map((before) => [before, value[before] ?? null]);
    }
    fields?.push([shown, masked]);
  }
  return fields === undefined ? value : Object.fromEntries(fields);
}

function maskCarrier(value: JsonObject, kind: string, mask: Mask, otherwise: SecretKey): JsonValue {
  const fields = (object: JsonObject, skip: readonly string[] = []): JsonObject =>
    eachField(
      object,
      (field, each) => (skip.includes(field) ? each : maskDocument(each, mask, field, otherwise)),
      mask,
    );
  if (kind === 'Secret') {
    // Of another group, its fields are masked too: every Secret by whatever name is one to somebody.
    const masked = maskSecret(value, mask, secretKey(value, otherwise));
    const rest = fields(masked, ['data', 'stringData']);
    return JSON.stringify(rest) === JSON.stringify(value) ? value : rest;
  }
  if (kind === 'TokenReview' || kind === 'TokenRequest') {
    const part = kind === 'TokenReview' ? 'spec' : 'status';
    const holder = value[part];
    if (!isJsonObject(holder) || holder.token === undefined || holder.token === '') return fields(value);
    const text = typeof holder.token === 'string' ? holder.token : JSON.stringify(holder.token);
    return fields({ ...value, [part]: { ...holder, token: maskWhole(text, mask) } });
  }
  return fields(maskCells(value, mask));
}

/** A CustomResourceDefinition's printer columns put any field into a Table's cells. */
function maskCells(table: JsonObject, mask: Mask): JsonObject {
  const { columnDefinitions: columns, rows } = table;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return table;
  const names = columns.map((column) => (isJsonObject(column) && typeof column.name === 'string' ? column.name : ''));
  if (!names.some((name) => secretNameKind(name) !== undefined)) return table;
  return {
    ...table,
    rows: rows.map((row) =>
      isJsonObject(row) && Array.isArray(row.cells)
        ? { ...row, cells: row.cells.map((cell, at) => maskDocument(cell, mask, names[at] ?? '')) }
        : row,
    ),
  };
}

/** RFC 6902: the name of what is written is the last step of the path that is one. */
function maskOperation(operation: JsonObject, path: string, mask: Mask, otherwise: SecretKey): JsonValue {
  const steps = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = steps.findLast((step) => step !== '-' && !/^\d+$/.test(step)) ?? '';
  const within = steps.includes('stringData');
  return eachField(
    operation,
    (field, each) => {
      if (field !== 'value' && field !== 'oldValue') return maskDocument(each, mask, field, otherwise);
      if (!within || each === null) return maskDocument(each, mask, name, otherwise);
      return isJsonObject(each)
        ? maskAll(each, mask)
        : maskWhole(typeof each === 'string' ? each : JSON.stringify(each), mask);
    },
    mask,
  );
}

function maskAll(values: JsonObject, mask: Mask): JsonObject {
  return eachField(
    values,
    (_field, each) => (each === null ? each : maskWhole(typeof each === 'string' ? each : JSON.stringify(each), mask)),
    mask,
  );
}

function maskStringAt(name: string, text: string, mask: Mask, otherwise: SecretKey): string {
  if (text === '') return text;
  if (/^\s*[{[]/.test(text) || (text.startsWith('"') && text.includes('\\"'))) {
    const masked = maskJsonText(text, mask, name, otherwise);
    if (masked !== undefined) return masked;
  }
  if (mask.memory.kindOf(name) !== undefined && isSecretValue(name, text)) return maskWhole(text, mask);
  return text.length < 8 ? text : maskText(text, mask);
}

/** Undefined for what is no JSON, or holds no credential as JSON. */
function maskJsonText(text: string, mask: Mask, name: string, otherwise: SecretKey): string | undefined {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    // Cut off or mistyped, it may still hold what a Secret holds, under names that tell nothing.
    return /"kind"\s{0,8}:\s{0,8}"Secret"/.test(text) ? maskWhole(text, mask) : undefined;
  }
  // A lone list of names (`["a","b"]`) has the name of its field.
  try {
    const masked = maskDocument(parsed, mask, name, otherwise);
    return masked === parsed ? undefined : JSON.stringify(masked);
  } catch (error) {
    // Nested deeper than the stack: nobody's configuration. The object that it lies in is kept all the same.
    if (error instanceof RangeError) return maskWhole(text, mask);
    throw error;
  }
}

/** PINs, and passwords that YAML took for a number. */
function isSecretNumber(name: string, value: number): boolean {
  return /pass(?:word|wd|phrase)|secret/i.test(name) && secretNameKind(name) === 'strong' && value >= 1_000;
}

import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { FieldPath } from './field-path.ts';
import { maskFieldSet } from './mask-field-set.ts';
import { lastApplied } from './last-applied.ts';
import { maskWhole } from './mask-text.ts';
import type { Mask } from './mask.ts';
import { createRepeatedValues, type FindRepeated } from './repeated-values.ts';

/** Values that were masked by their path, each with its mask: what a Table's cells and managedFields may repeat. */
export type FieldValues = ReadonlyMap<string, string>;

/** How sure a text must be that it is a copy, and no coincidence. */
interface CopyRule {
  /** Within a longer text, shorter values stand by chance. */
  shortest: number;
  isTelling: (value: string) => boolean;
  /** Where the API server itself copies fields to, a text that is the value is a copy however short, a number too. */
  isPlaceOfCopies: boolean;
}

const anywhereElse: CopyRule = {
  shortest: 8,
  // A word (`postgres`) stands elsewhere for something else.
  isTelling: (value) => /\d|[A-Z]|[^A-Za-z0-9-]/.test(value),
  isPlaceOfCopies: false,
};
const inCopies: CopyRule = { shortest: 4, isTelling: () => true, isPlaceOfCopies: true };
/** Of values that were found by how they look, only a whole cell is a copy however short: `prod` stands in many a name. */
const inCells: CopyRule = { ...anywhereElse, isPlaceOfCopies: true };

/**
 * Masks what stands at the paths of one object, and every copy of it within that object: the last-applied annotation, the
 * keys that managedFields make of a set's items, texts that quote it. A list or map at a path is masked leaf by leaf.
 * Never mutates its input; the same reference when nothing stands at the paths.
 */
export function maskFields(
  object: JsonObject,
  paths: readonly FieldPath[],
  mask: Mask,
): { object: JsonObject; values: FieldValues } {
  const values = new Map<string, string>();
  const leaf = (text: string): string => {
    const token = maskWhole(text, mask);
    if (token !== text) values.set(text, token);
    return token;
  };
  const masked = maskManaged(maskApplied(atPaths(object, paths, leaf), paths, leaf), paths, leaf);
  if (values.size === 0 || !isJsonObject(masked)) return { object, values };
  return { object: withoutCopies(masked, copiesOf(values, mask)), values };
}

/** Masks in the cells of a Table's row what was masked in the row's object: columns are copies of fields. */
export function maskCellCopies(cells: JsonValue[], values: FieldValues, mask: Mask): JsonValue[] {
  const copies = copiesOf(values, mask);
  return cells.map((cell) => copiesIn(cell, copies, inCopies));
}

/** The same for what detectors masked in the row's object. */
export function maskFoundCopies(cells: JsonValue[], values: FieldValues, mask: Mask): JsonValue[] {
  const copies = copiesOf(values, mask);
  const masked = cells.map((cell) => copiesIn(cell, copies, inCells));
  return masked.every((cell, at) => cell === cells[at]) ? cells : masked;
}

/** Masks the leaves that stand at the paths, which lead from this value; of one that leads no further, all of its leaves. */
export function atPaths(value: JsonValue, paths: readonly FieldPath[], leaf: (text: string) => string): JsonValue {
  return paths.reduce((masked, path) => atPath(masked, path, 0, leaf), value);
}

function atPath(value: JsonValue, path: FieldPath, at: number, leaf: (text: string) => string): JsonValue {
  const step = path[at];
  if (step === undefined) return maskLeaves(value, leaf);
  const rest = (each: JsonValue): JsonValue => atPath(each, path, at + 1, leaf);
  if (step.step === 'every') return mapEach(value, rest);
  if (step.step === 'index') {
    return Array.isArray(value)
      ? mapEach(value, (each, key) => (key === String(step.index) ? rest(each) : each))
      : value;
  }
  if (step.step === 'field') {
    return isJsonObject(value) ? mapEach(value, (each, key) => (key === step.name ? rest(each) : each)) : value;
  }
  const isNamed = (key: string): boolean => isJsonObject(value) && key === step.name;
  return mapEach(value, (each, key) => {
    const deeper = atPath(each, path, at, leaf);
    return isNamed(key) ? rest(deeper) : deeper;
  });
}

/** Numbers and booleans become texts: a PIN is a secret too. Empty texts and null tell nothing. */
function maskLeaves(value: JsonValue, leaf: (text: string) => string): JsonValue {
  if (value === null || value === '') return value;
  return typeof value === 'object' ? mapEach(value, (each) => maskLeaves(each, leaf)) : leaf(String(value));
}

/** The annotation repeats the object as it was applied, so the same paths lead to the same secrets. */
function maskApplied(value: JsonValue, paths: readonly FieldPath[], leaf: (text: string) => string): JsonValue {
  const metadata = isJsonObject(value) ? value.metadata : undefined;
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  if (!isJsonObject(value) || !isJsonObject(metadata) || !isJsonObject(annotations)) return value;
  const applied = annotations[lastApplied];
  if (typeof applied !== 'string') return value;
  const masked = maskJsonText(applied, paths, leaf);
  if (masked === applied) return value;
  return { ...value, metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: masked } } };
}

/** managedFields show the items of sets in metadata alone, where the fields themselves are not: told by the field's name. */
function maskManaged(value: JsonValue, paths: readonly FieldPath[], leaf: (text: string) => string): JsonValue {
  const metadata = isJsonObject(value) ? value.metadata : undefined;
  if (!isJsonObject(value) || !isJsonObject(metadata) || !Array.isArray(metadata.managedFields)) return value;
  const names = new Set(paths.map(lastName));
  const maskValue = (item: JsonValue, name: string): JsonValue =>
    names.has(name)
      ? maskLeaves(item, leaf)
      : mapEach(item, (each, key) => (names.has(key) ? maskLeaves(each, leaf) : each));
  const masking = { maskValue, maskKey: (key: string) => key, isSuspect: () => true };
  const entries = mapEach(metadata.managedFields, (entry) =>
    mapEach(entry, (each, key) => (key === 'fieldsV1' && isJsonObject(each) ? maskFieldSet(each, masking) : each)),
  );
  return entries === metadata.managedFields ? value : { ...value, metadata: { ...metadata, managedFields: entries } };
}

function lastName(path: FieldPath): string {
  const named = path.findLast(({ step }) => step === 'field' || step === 'anywhere');
  return named !== undefined && 'name' in named ? named.name : '';
}

function maskJsonText(text: string, paths: readonly FieldPath[], leaf: (text: string) => string): string {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    return leaf(text); // What cannot be read is not passed on.
  }
  const masked = atPaths(parsed, paths, leaf);
  return masked === parsed ? text : JSON.stringify(masked);
}

/** What was masked, and how its copies are found. */
interface Copies {
  values: FieldValues;
  find: FindRepeated;
  mask: Mask;
}

/** In plain, and as JSON within a text has it. */
function copiesOf(values: FieldValues, mask: Mask): Copies {
  const sought = [...values.keys()]
    .filter((plain) => plain.length >= inCopies.shortest)
    .flatMap((plain) => {
      const quoted = JSON.stringify(plain).slice(1, -1);
      return quoted === plain ? [[plain, plain] as const] : [[plain, plain] as const, [quoted, plain] as const];
    });
  return { values, mask, find: createRepeatedValues(sought, inCopies.shortest) };
}

function withoutCopies(object: JsonObject, copies: Copies): JsonObject {
  const masked = copiesIn(object, copies, anywhereElse);
  if (!isJsonObject(masked)) return object;
  const { metadata } = masked;
  if (!isJsonObject(metadata) || metadata.managedFields === undefined) return masked;
  return { ...masked, metadata: { ...metadata, managedFields: copiesIn(metadata.managedFields, copies, inCopies) } };
}

function copiesIn(value: JsonValue, copies: Copies, rule: CopyRule): JsonValue {
  if (typeof value === 'string') return copiesInText(value, copies, rule);
  if (Array.isArray(value)) return value.map((each) => copiesIn(each, copies, rule));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [copiesInText(key, copies, rule), copiesIn(each, copies, rule)]),
    );
  }
  return rule.isPlaceOfCopies && value !== null ? (copies.values.get(String(value)) ?? value) : value;
}

function copiesInText(text: string, { values, find, mask }: Copies, rule: CopyRule): string {
  if (rule.isPlaceOfCopies) {
    const whole = values.get(text) ?? itemOfSet(text, values);
    if (whole !== undefined) return whole;
  }
  const repeated = find(text);
  if (repeated === undefined) return maskWhole(text, mask);
  let shown = text;
  for (const plain of repeated) {
    const token = values.get(plain);
    if (token === undefined || plain.length < rule.shortest || !rule.isTelling(plain)) continue;
    shown = shown.replaceAll(plain, () => token).replaceAll(JSON.stringify(plain).slice(1, -1), () => token);
  }
  return shown;
}

/** `v:"…"` is how managedFields write an item of a set. */
function itemOfSet(text: string, values: FieldValues): string | undefined {
  if (!text.startsWith('v:')) return undefined;
  const written = text.slice(2);
  const token = values.get(written) ?? values.get(unquoted(written));
  return token === undefined ? undefined : `v:${JSON.stringify(token)}`;
}

function unquoted(written: string): string {
  try {
    return String(JSON.parse(written));
  } catch {
    return written;
  }
}

/** The same reference when nothing changed. fromEntries defines own properties: a key called __proto__ stays a key. */
function mapEach(value: JsonValue, change: (each: JsonValue, key: string) => JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const items = value.map((each, at) => change(each, String(at)));
    return items.every((each, at) => each === value[at]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, change(each, key)] as const);
  return entries.every(([key, each]) => each === value[key]) ? value : Object.fromEntries(entries);
}

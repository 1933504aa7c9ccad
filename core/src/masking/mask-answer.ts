/**
 * Masks decoded answers of the API server: one object, a row of a Table, a watch event, or a whole list. The parts are here
 * one by one, because an edge that streams a list never has it whole; `maskAnswer` puts them together for one that has, and
 * both give the same.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { AnswerMasking } from './answer-masking.ts';
import { isPackedPayload } from './detectors/encoded.ts';
import { maskDocument } from './mask-document.ts';
import { lastApplied } from './last-applied.ts';
import { maskCellCopies, maskFields, maskFoundCopies, type FieldValues } from './mask-fields.ts';
import { maskObject } from './mask-object.ts';
import { maskStatus, withoutQuotedObjects } from './mask-status.ts';
import { secretKey } from './mask-secret.ts';
import { maskText } from './mask-text.ts';
import type { Mask } from './mask.ts';

/** Masks one object, or a failure Status. Never mutates; the same reference when there is nothing to mask. */
export function maskItem(item: JsonValue, mask: Mask, how: AnswerMasking): JsonValue {
  if (how.assumed !== undefined) return named(maskAssumed(item, mask, how), mask, how);
  if (isJsonObject(item) && item.kind === 'Status' && item.status === 'Failure') return maskFailure(item, mask, how);
  return detect(named(item, mask, how), mask, how);
}

function named(item: JsonValue, mask: Mask, { fields }: AnswerMasking): JsonValue {
  return fields.length > 0 && isJsonObject(item) ? maskFields(item, fields, mask).object : item;
}

/** The names of a Table's columns, by which its rows' cells are read. */
export function columnsOf(table: JsonObject): readonly string[] | undefined {
  const { columnDefinitions: columns } = table;
  if (!Array.isArray(columns) || columns.length === 0) return undefined;
  return columns.map((column) => (isJsonObject(column) && typeof column.name === 'string' ? column.name : ''));
}

/** Masks one row of a Table: its object as any other, its cells by their columns' names and as copies of the object. */
export function maskRow(row: JsonValue, columns: readonly string[], mask: Mask, how: AnswerMasking): JsonValue {
  if (!isJsonObject(row)) return maskItem(row, mask, how);
  const { object, cells, conditions: _conditions, ...unknown } = row;
  // No row of the API server's has more fields; what has is read as anything unknown is.
  if (Object.keys(unknown).length > 0) return maskDocument(maskItem(row, mask, how), mask);
  const values =
    how.fields.length > 0 && isJsonObject(object)
      ? maskFields(object, how.fields, mask).values
      : new Map<string, string>();
  const found = remembering(mask);
  const masked = object === undefined ? undefined : maskItem(object, found.mask, how);
  const copied = Array.isArray(cells) && values.size > 0 ? maskCellCopies(cells, values, mask) : cells;
  const shown =
    Array.isArray(copied) && how.detectors === 'all'
      ? maskCells(maskFoundCopies(copied, withoutNames(found.values, object), mask), columns, mask)
      : copied;
  if (masked === object && shown === cells) return row;
  return {
    ...row,
    ...(shown === undefined ? {} : { cells: shown }),
    ...(masked === undefined ? {} : { object: masked }),
  };
}

/** The mask, which remembers what it masked of texts. */
function remembering(mask: Mask): { mask: Mask; values: Map<string, string> } {
  const values = new Map<string, string>();
  const noting: Mask = {
    ...mask,
    ofText(place, text) {
      const token = mask.ofText(place, text);
      if (token !== text) values.set(text, token);
      return token;
    },
  };
  return { mask: noting, values };
}

/** The first column is the object's name, whatever password is the same. */
function withoutNames(values: Map<string, string>, object: JsonValue | undefined): FieldValues {
  const metadata = isJsonObject(object) ? object.metadata : undefined;
  if (isJsonObject(metadata)) for (const name of [metadata.name, metadata.namespace]) values.delete(String(name));
  return values;
}

/** Masks what stands around a list's items or a Table's rows. A list's own metadata (`continue`) is the API server's. */
export function maskEnvelope(envelope: JsonObject, mask: Mask, how: AnswerMasking): JsonObject {
  if (how.detectors === 'none' && how.assumed === undefined) return envelope;
  let changed: JsonObject | undefined;
  for (const [field, value] of Object.entries(envelope)) {
    if (field === 'kind' || field === 'apiVersion' || field === 'columnDefinitions') continue;
    if (field === 'metadata' && isListMeta(value)) continue;
    const masked = maskDocument(value, mask, field);
    if (masked === value) continue;
    changed ??= { ...envelope };
    changed[field] = masked;
  }
  return changed ?? envelope;
}

/** Masks a whole answer: an object, a list, a Table. */
export function maskAnswer(
  answer: JsonValue,
  mask: Mask,
  how: AnswerMasking,
  knownColumns: readonly string[] = [],
): JsonValue {
  const field = isJsonObject(answer) ? itemsField(answer) : undefined;
  if (!isJsonObject(answer) || field === undefined) return maskItem(answer, mask, how);
  const columns = columnsOf(answer) ?? knownColumns;
  const items = answer[field] as JsonValue[];
  const masked = items.map((item) =>
    field === 'rows' ? maskRow(item, columns, mask, how) : maskItem(item, mask, ofItems(how)),
  );
  const { [field]: _items, ...around } = answer;
  const envelope = maskEnvelope(around, mask, how);
  if (envelope === around && masked.every((item, at) => item === items[at])) return answer;
  // In their place: the order of fields is part of an answer that tools compare.
  return Object.fromEntries(Object.keys(answer).map((key) => [key, key === field ? masked : (envelope[key] ?? null)]));
}

/**
 * Masks one event of a watch.
 *
 * @param knownColumns of the Table in an earlier event: only a watch's first one names them
 */
export function maskWatchEvent(
  event: JsonValue,
  mask: Mask,
  how: AnswerMasking,
  knownColumns: readonly string[] = [],
): JsonValue {
  if (!isJsonObject(event) || event.object === undefined) return maskItem(event, mask, how);
  const masked = maskAnswer(event.object, mask, how, knownColumns);
  return masked === event.object ? event : { ...event, object: masked };
}

/** Where a list's items are: `items`, or a Table's `rows`; undefined for what is no list. */
export function itemsField(answer: JsonObject): 'items' | 'rows' | undefined {
  if (Array.isArray(answer.items)) return 'items';
  return Array.isArray(answer.rows) ? 'rows' : undefined;
}

/** A list's own name is not its items'. */
export function ofItems(how: AnswerMasking): AnswerMasking {
  return how.assumed === undefined ? how : { ...how, assumed: { kind: how.assumed.kind } };
}

/** What answers about Secrets and tokens are. Whatever else comes is searched to its depth: it was not expected to. */
const expectedKinds = new Set(['Secret', 'TokenRequest', 'Status', 'PartialObjectMetadata']);

function maskAssumed(item: JsonValue, mask: Mask, how: AnswerMasking): JsonValue {
  const masked = maskObject(item, mask, how.assumed);
  if (!isJsonObject(item) || (item.kind !== undefined && !expectedKinds.has(String(item.kind)))) {
    return maskDocument(masked, mask);
  }
  if (how.detectors !== 'all' || !isJsonObject(masked) || !isJsonObject(masked.metadata)) return masked;
  const { metadata } = masked;
  const { annotations } = metadata;
  if (!isJsonObject(annotations)) return masked;
  // The last-applied one is masked by place already, and keeps the masks of its keys.
  const { [lastApplied]: applied, ...others } = annotations;
  const shown = maskDocument(others, mask, 'annotations', secretKey(masked, { namespace: '', name: '' }));
  if (shown === others || !isJsonObject(shown)) return masked;
  return {
    ...masked,
    metadata: { ...metadata, annotations: { ...shown, ...(applied === undefined ? {} : { [lastApplied]: applied }) } },
  };
}

/** Messages quote values, and of a value under a path of a policy nothing tells what it is. */
function maskFailure(status: JsonObject, mask: Mask, how: AnswerMasking): JsonValue {
  if (how.fields.length > 0 || how.withholdsMessages === true) return maskStatus(status, 'what has masked fields');
  return how.detectors === 'none' ? status : maskDocument(withoutQuotedObjects(status), mask);
}

function detect(value: JsonValue, mask: Mask, how: AnswerMasking): JsonValue {
  if (how.detectors === 'all') return maskDocument(value, mask);
  return how.detectors === 'packed' ? maskPacked(value, mask) : value;
}

function maskPacked(value: JsonValue, mask: Mask): JsonValue {
  if (typeof value === 'string') return isPackedPayload(value) ? maskText(value, mask) : value;
  if (Array.isArray(value)) {
    const items = value.map((each) => maskPacked(each, mask));
    return items.every((each, at) => each === value[at]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, maskPacked(each, mask)] as const);
  return entries.every(([key, each]) => each === value[key]) ? value : Object.fromEntries(entries);
}

/** A column called Secret shows the name of one, as cert-manager's does. */
const namesASecret = /^secrets?(?: ?names?)?$/i;
const objectName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function maskCells(cells: JsonValue[], columns: readonly string[], mask: Mask): JsonValue[] {
  const masked = cells.map((cell, at) => {
    const column = columns[at] ?? '';
    const isName = namesASecret.test(column) && typeof cell === 'string' && objectName.test(cell);
    return isName ? cell : maskDocument(cell, mask, column);
  });
  return masked.every((cell, at) => cell === cells[at]) ? cells : masked;
}

const listMeta = new Set(['resourceVersion', 'continue', 'remainingItemCount', 'selfLink']);

function isListMeta(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).every((field) => listMeta.has(field));
}

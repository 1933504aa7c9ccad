/**
 * The way back of a mask. A client that was shown masks writes them back: it edits one line of what it has read, and sends the
 * whole. What stands where it was shown is exchanged for the value that it stood for; a mask anywhere else stays, for the
 * judge to refuse. The hazard: a value that is put back where it is not masked would be read at the next GET. So what is
 * restored is masked once more, and must show what the client wrote.
 */
import { canonicalJson } from '../holds/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { isPackedPayload } from './detectors/encoded.ts';
import { fieldStep, itemStep, pathText, type DocumentPath } from './document-path.ts';
import type { AnswerMasking } from './answer-masking.ts';
import { maskItem } from './mask-answer.ts';
import { containsMaskToken, isMaskedData, maskTokens, type Mask } from './mask.ts';
import type { ReleaseCodec } from './release-codec.ts';
import { editInner, innerDocuments } from './restore-inner.ts';
import { shownPlaces, type ShownPlaces } from './restore-places.ts';

export interface RestoreInput {
  /** As the client sends it. */
  object: JsonValue;
  /** As it is stored: what the client's masks can come from. */
  oldObject: JsonValue;
  mask: Mask;
  /** How the client is shown such objects; undefined where nothing of them is masked, and nothing is restored. */
  how: AnswerMasking | undefined;
  /** Without it, a Helm release is one text. */
  codec?: ReleaseCodec | undefined;
}

/** Of an RFC 6902 patch. */
export interface RestoringOperation {
  op: 'replace';
  path: string;
  value: JsonValue;
}

export interface Restoration {
  /** With every mask restored that came from its place. */
  object: JsonValue;
  /** From the client's object to the restored one: real values, never to be logged. */
  patch: readonly RestoringOperation[];
  /** Where something was restored, for people. */
  places: readonly string[];
}

/** Exchanges the masks of an update for what they stand for. Pure, and changes neither object. */
export function restoreMasks({ object, oldObject, mask, how, codec }: RestoreInput): Restoration {
  const untouched: Restoration = { object, patch: [], places: [] };
  if (how === undefined || !isJsonObject(object) || !isJsonObject(oldObject)) return untouched;
  const memory = remembering(mask);
  const places = shownPlaces(maskItem(oldObject, memory.mask, how), oldObject, codec);
  const restored: string[] = [];
  const context: Context = { places, originals: memory.originals, codec, restored };
  const result = restoreValue(object, [], context);
  if (restored.length === 0) return untouched;
  if (!isSame(maskItem(result, mask, how), maskItem(object, mask, how), codec)) return untouched;
  return { object: result, patch: patchOf(object, result as JsonObject), places: restored };
}

/**
 * Whole fields of the object, and not the values alone: the API server keeps this patch in its audit event, where a variable's
 * value can be told for a secret only beside its name.
 */
function patchOf(before: JsonObject, after: JsonObject, parent = ''): RestoringOperation[] {
  return Object.entries(after).flatMap(([field, value]) => {
    const was = before[field];
    if (was === value) return [];
    const path = `${parent}/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (path === '/metadata' && isJsonObject(was) && isJsonObject(value)) return patchOf(was, value, path);
    return [{ op: 'replace' as const, path, value }];
  });
}

interface Context {
  places: ShownPlaces;
  /** What each mask within a text stands for. */
  originals: ReadonlyMap<string, string>;
  codec: ReleaseCodec | undefined;
  restored: string[];
}

function restoreValue(value: JsonValue, path: DocumentPath, context: Context): JsonValue {
  if (typeof value === 'string') return restoreString(value, path, context);
  if (Array.isArray(value)) {
    const items = value.map((item, at) => restoreValue(item, [...path, itemStep(item, at)], context));
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const fields = entries.map(
    ([name, each]) =>
      [restoreKey(name, path, context), restoreValue(each, [...path, fieldStep(name)], context)] as const,
  );
  const isSameField = ([name, each]: (typeof fields)[number], at: number): boolean =>
    name === entries[at]?.[0] && each === entries[at]?.[1];
  // fromEntries defines own properties: a key called __proto__ stays a key.
  return fields.every(isSameField) ? value : Object.fromEntries(fields);
}

/** managedFields have the items of sets in their keys, as JSON; whoever reads, changes and writes an object sends them back. */
function restoreKey(name: string, path: DocumentPath, { originals, restored }: Context): string {
  if (path[0] !== fieldStep('metadata') || path[1] !== fieldStep('managedFields')) return name;
  const result = name.replace(maskTokens, (token) => JSON.stringify(originals.get(token) ?? token).slice(1, -1));
  if (result !== name) restored.push(pathText(path.slice(0, 2)));
  return result;
}

function restoreString(text: string, path: DocumentPath, context: Context): JsonValue {
  if (!containsMaskToken(text) && !isPackedPayload(text)) return text;
  const { places, originals, codec, restored } = context;
  const shownHere = places.at(path);
  const same = shownHere.find(({ shown }) => shown === text);
  if (same !== undefined) {
    restored.push(pathText(path));
    return same.original;
  }
  const inner = editInner(text, path, codec, (document, where) => restoreValue(document, where, context));
  if (inner !== undefined) return inner;
  const result = text.replace(maskTokens, (token) => {
    const original = originals.get(token);
    const isFromHere = shownHere.some(({ shown }) => typeof shown === 'string' && tokensIn(shown).includes(token));
    return original === undefined || !isFromHere ? token : original;
  });
  if (result !== text) restored.push(pathText(path));
  return result;
}

function tokensIn(text: string): readonly string[] {
  return text.match(maskTokens) ?? [];
}

/** The mask, which remembers what each of its tokens within a text stands for. */
function remembering(mask: Mask): { mask: Mask; originals: ReadonlyMap<string, string> } {
  const originals = new Map<string, string>();
  const noting: Mask = {
    ...mask,
    ofText(place, text) {
      const token = mask.ofText(place, text);
      if (token !== text) originals.set(token, text);
      return token;
    },
  };
  return { mask: noting, originals };
}

/**
 * Compared by what is in them: a text that was packed or written anew may differ in its form, and of a mask it matters that one
 * is there, not which: in a Helm release, a value that stands in no Secret any more has another.
 */
function isSame(a: JsonValue, b: JsonValue, codec: ReleaseCodec | undefined): boolean {
  return canonicalJson(comparable(a, [], codec)) === canonicalJson(comparable(b, [], codec));
}

const anyMask = '<mask>';

function comparable(value: JsonValue, path: DocumentPath, codec: ReleaseCodec | undefined): JsonValue {
  if (typeof value === 'string') {
    const inner = innerDocuments(value, path, codec);
    if (inner !== undefined) return inner.map((each) => comparable(each.document, each.path, codec));
    return isMaskedData(value) ? anyMask : value.replace(maskTokens, anyMask);
  }
  if (Array.isArray(value)) return value.map((item, at) => comparable(item, [...path, itemStep(item, at)], codec));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, comparable(each, [...path, fieldStep(name)], codec)]),
  );
}

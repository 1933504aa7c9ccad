/**
 * A Secret's values, where its metadata repeats them: somebody's script or a JSON patch has copied one into a label or an
 * annotation. With the whole Secret at hand the copy is found by comparing; where there is only metadata (tables, lists of
 * names) by its looks alone, so what looks drawn at random is masked in both.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { textOfBase64 } from './base64-text.ts';
import { lastApplied } from './last-applied.ts';
import { maskMetadata } from './mask-metadata.ts';
import { isMaskedData, type Mask, type SecretPlace } from './mask.ts';
import { maskWhole } from './mask-text.ts';
import { createRepeatedValues, type FindRepeated } from './repeated-values.ts';

/** Shorter values occur by chance: as a word, a number, a name. */
const shortest = 8;
/** A word in lower case (`postgres`, `shop-backend`) stands in a label for something else. */
const isTelling = (text: string): boolean => /\d|[A-Z]|[^A-Za-z0-9-]/.test(text);
/** These name objects, and cannot hold what the client chose, or are what the Secret is asked for by. */
const notCopied = new Set([
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'ownerReferences',
]);

/** What may stand in the metadata, and the place that it is the value of. */
type Places = ReadonlyMap<string, SecretPlace>;

interface Copies {
  places: Places;
  find: FindRepeated;
  mask: Mask;
}

/** Masks a Secret's metadata by its values and by looks. The same reference when there is nothing to mask. */
export function maskSecretMetadata(secret: JsonObject, mask: Mask, key: Omit<SecretPlace, 'key'>): JsonValue {
  const { metadata } = secret;
  if (!isJsonObject(metadata)) return metadata ?? null;
  const shown = maskMetadata(metadata, mask);
  if (!isJsonObject(shown)) return shown;
  const longest = longestText(shown);
  const places: Places = longest < shortest ? new Map() : placesOf(secret, key, longest);
  if (places.size === 0) return shown;
  const find = createRepeatedValues(
    [...places.keys()].map((text) => [text, text]),
    shortest,
  );
  return withoutCopies(shown, { places, find, mask });
}

/** How long the longest text is that may be a copy: a value that is longer needs no decoding. */
function longestText(metadata: JsonObject): number {
  const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
  let longest = 0;
  for (const text of finalizers) if (typeof text === 'string' && text.length > longest) longest = text.length;
  for (const texts of [metadata.labels, metadata.annotations]) {
    if (!isJsonObject(texts)) continue;
    for (const name of Object.keys(texts)) {
      const text = texts[name];
      if (name !== lastApplied && typeof text === 'string' && text.length > longest) longest = text.length;
    }
  }
  return longest;
}

function placesOf(secret: JsonObject, key: Omit<SecretPlace, 'key'>, longest: number): Places {
  const names = new Set([key.name, key.namespace]);
  const places = new Map<string, SecretPlace>();
  const add = (name: string, text: string): void => {
    const plain = text.trim();
    if (plain.length < shortest || plain.length > longest || !isTelling(plain) || names.has(plain)) return;
    // Of two keys with one value, the first.
    if (!places.has(plain)) places.set(plain, { ...key, key: name });
  };
  for (const [name, value] of entriesOf(secret.data)) {
    if (isMaskedData(value)) continue;
    // Four characters for three: what is longer than that cannot stand in any of the texts.
    if (value.length > longest * 1.4 + 4) continue;
    add(name, value);
    add(name, textOfBase64(value) ?? '');
  }
  for (const [name, value] of entriesOf(secret.stringData)) add(name, value);
  return places;
}

function entriesOf(values: JsonValue | undefined): [string, string][] {
  if (!isJsonObject(values)) return [];
  return Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function withoutCopies(metadata: JsonObject, copies: Copies): JsonObject {
  const entries = Object.entries(metadata);
  const masked = entries.map(([field, each]): [string, JsonValue] => [
    field,
    notCopied.has(field) ? each : maskCopies(each, copies),
  ]);
  return masked.every(([, each], at) => each === entries[at]?.[1]) ? metadata : Object.fromEntries(masked);
}

function maskCopies(value: JsonValue, copies: Copies): JsonValue {
  if (typeof value === 'string') return maskCopiesIn(value, copies);
  if (Array.isArray(value)) {
    const items = value.map((each) => maskCopies(each, copies));
    return items.every((each, at) => each === value[at]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const masked = entries.map(([name, each]): [string, JsonValue] => [
    maskCopiesIn(name, copies),
    // By place already, and with the masks of its keys.
    name === lastApplied ? each : maskCopies(each, copies),
  ]);
  const isSame = masked.every(([name, each], at) => name === entries[at]?.[0] && each === entries[at]?.[1]);
  return isSame ? value : Object.fromEntries(masked);
}

function maskCopiesIn(text: string, { places, find, mask }: Copies): string {
  const repeated = find(text);
  if (repeated === undefined) return maskWhole(text, mask);
  return repeated.reduce((shown, value) => {
    const place = places.get(value);
    return place === undefined ? shown : shown.replaceAll(value, () => mask.ofText(place, value));
  }, text);
}

import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';

/** Stands where something stood that could tell the value of a Secret. */
export const withheld = 'withheld: it could quote the value of a Secret';

/** Shorter values occur by chance: as a word, a number, a name. */
const shortestTelling = 8;

/**
 * Takes out of a masked Secret every text that repeats one of its values: a JSON patch of some day may have copied it to
 * a label or an annotation, where masking by place does not find it.
 *
 * @param original the same body before it was masked
 */
export function withoutCopies(masked: JsonValue, original: JsonValue): JsonValue {
  if (masked === original) return masked;
  const values = [...valuesIn(original)].filter((value) => value.length >= shortestTelling);
  const text = JSON.stringify(masked);
  const repeated = values.filter((value) => text.includes(JSON.stringify(value).slice(1, -1)));
  return repeated.length === 0 ? masked : without(masked, repeated);
}

function* valuesIn(body: JsonValue): Generator<string> {
  if (Array.isArray(body)) for (const each of body) yield* valuesIn(each);
  if (!isJsonObject(body)) return;
  for (const [key, value] of Object.entries(body)) {
    if ((key === 'data' || key === 'stringData') && isJsonObject(value)) {
      for (const each of Object.values(value)) if (typeof each === 'string') yield each;
    } else {
      yield* valuesIn(value);
    }
  }
}

function without(body: JsonValue, values: readonly string[]): JsonValue {
  const tells = (text: string): boolean => values.some((value) => text.includes(value));
  if (typeof body === 'string') return tells(body) ? withheld : body;
  if (Array.isArray(body)) return body.map((each) => without(each, values));
  if (!isJsonObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [tells(key) ? withheld : key, without(value, values)]),
  );
}

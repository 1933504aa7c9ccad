import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from '../masking/base64.ts';
import { decodedText } from '../masking/detectors/encoded.ts';
import { isMaskedData, isMaskToken, type Mask } from '../masking/mask.ts';
import { anywhere } from '../masking/mask-text.ts';
import { createRepeatedValues } from '../masking/repeated-values.ts';

/** Stands where something stood that could tell a value that is masked at its place. */
export const withheld = 'withheld: it could quote a masked value';

/** Shorter values occur by chance: as a word, a number, a name. */
const shortestTelling = 8;
/** What is found in free text may be a word (`POSTGRES_PASSWORD=postgres`) that stands elsewhere for something else. */
const telling = /\d|[A-Z]|[^A-Za-z0-9-]/;

/** Every value that was masked, in each form it may be repeated in, with its mask. */
export type MaskedValues = ReadonlyMap<string, string>;

/** The mask, and what it has masked so far. */
export function collecting(mask: Mask): { mask: Mask; values: MaskedValues } {
  const values = new Map<string, string>();
  const keep = (value: string, token: string, isText: boolean): void => {
    if (value.length < shortestTelling || (isText && !telling.test(value))) return;
    values.set(value, token);
    const escaped = JSON.stringify(value).slice(1, -1);
    if (escaped !== value) values.set(escaped, token);
  };
  return {
    values,
    mask: {
      memory: mask.memory,
      ofData(place, base64) {
        const masked = mask.ofData(place, base64);
        if (!isMaskedData(base64)) {
          const token = decodedText(masked) ?? withheld;
          keep(base64, token, false);
          const text = decodedText(base64);
          if (text !== undefined) keep(text.trimEnd(), token, false);
        }
        return masked;
      },
      ofText(place, text) {
        const token = mask.ofText(place, text);
        if (!isMaskToken(text)) {
          keep(text, token, place === anywhere);
          if (place !== anywhere) keep(base64OfText(text), token, false);
        }
        return token;
      },
    },
  };
}

/**
 * Masks every text that repeats a value which is masked elsewhere: a JSON patch may have copied it to a label, an error
 * message quotes it, a command line was given it. The same reference when there is none; `withheld` when a body was made to
 * cost too much to find out.
 */
export function createCopyMask(values: MaskedValues): (body: JsonValue) => JsonValue {
  const sought = [...values.keys()].map((value) => [JSON.stringify(value).slice(1, -1), value] as const);
  const find = createRepeatedValues(sought, shortestTelling);
  return (body) => {
    const repeated = find(JSON.stringify(body));
    if (repeated === undefined) return withheld;
    if (repeated.length === 0) return body;
    return replaceIn(
      body,
      repeated.map((value) => [value, values.get(value) ?? withheld] as const),
    );
  };
}

function replaceIn(body: JsonValue, pairs: readonly (readonly [value: string, token: string])[]): JsonValue {
  if (typeof body === 'string') return replaced(body, pairs);
  if (Array.isArray(body)) return body.map((each) => replaceIn(each, pairs));
  if (!isJsonObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [replaced(key, pairs), replaceIn(value, pairs)]),
  );
}

function replaced(text: string, pairs: readonly (readonly [value: string, token: string])[]): string {
  if (isMaskToken(text) || isMaskedData(text)) return text;
  return pairs.reduce((left, [value, token]) => left.replaceAll(value, () => token), text);
}

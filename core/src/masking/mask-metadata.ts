import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { looksRandom } from './detectors/secret-name.ts';
import { isMaskToken, type Mask } from './mask.ts';
import { maskText, maskWhole } from './mask-text.ts';

/**
 * Masks the labels and annotations of Secrets whose values could have been copied there: a JSON patch can do it, and the
 * metadata-only forms (tables, PartialObjectMetadata) show the copy without the original. What looks drawn at random, or
 * like base64 of a short text, is taken for a copy; words, names, numbers, digests and structured texts are not.
 */
export function maskMetadata(value: JsonValue, mask: Mask): JsonValue {
  if (Array.isArray(value)) {
    const items = value.map((each) => maskMetadata(each, mask));
    return items.every((each, at) => each === value[at]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  let changed: JsonObject | undefined;
  for (const field of Object.keys(value)) {
    const each = value[field] ?? null;
    const masked = field === 'annotations' || field === 'labels' ? maskValues(each, mask) : maskMetadata(each, mask);
    if (masked === each) continue;
    changed ??= { ...value };
    changed[field] = masked;
  }
  return changed ?? value;
}

function maskValues(values: JsonValue, mask: Mask): JsonValue {
  if (!isJsonObject(values)) return values;
  let changed: [string, JsonValue][] | undefined;
  for (const [at, name] of Object.keys(values).entries()) {
    const value = values[name];
    if (typeof value !== 'string' || !isOpaque(value, mask)) continue;
    changed ??= Object.entries(values);
    changed[at] = [name, maskOpaque(value, mask)];
  }
  // fromEntries defines own properties: a label called __proto__ stays one.
  return changed === undefined ? values : Object.fromEntries(changed);
}

/** Where only a part of it is a credential (`user:x password=…`), the rest stays. */
function maskOpaque(value: string, mask: Mask): string {
  const masked = maskText(value, mask);
  return masked === value ? maskWhole(value, mask) : masked;
}

const digest = /^[0-9a-f]+$/;
const shortBase64 =
  /^(?=.*[a-z])(?=.*[A-Z])(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$|^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?:[A-Za-z0-9+/]{4}){2,}$/;

function isOpaque(value: string, { memory }: Mask): boolean {
  // The labels and annotations of a list's objects say the same over and over.
  if (value.length < 8 || memory.isPlain(value)) return false;
  const opaque = looksOpaque(value);
  if (!opaque) memory.addPlain(value);
  return opaque;
}

function looksOpaque(value: string): boolean {
  if (isMaskToken(value) || digest.test(value)) return false;
  // Base64's length spares most words the pattern, which is the slowest of these.
  return looksRandom(value) || (value.length % 4 === 0 && value.length <= 4_096 && shortBase64.test(value));
}

import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';

/** What stands in the keys of a field set, and needs somebody to judge it. */
export interface FieldSetMasking {
  /** @param name of the field that the value stands in */
  maskValue: (value: JsonValue, name: string) => JsonValue;
  maskKey: (key: string) => string;
  /** True when a field of this name may hold a secret. */
  isSuspect: (name: string) => boolean;
}

/**
 * Masks the values in a field set of managedFields, which has them in its keys: `v:"…"` is an item of a set, under the name of
 * the list that holds it; `k:{…}` is what an item of a list is known by. The same reference when there is nothing to mask.
 * Source: sigs.k8s.io/structured-merge-diff fieldpath/serialize-pe.go.
 */
export function maskFieldSet(fields: JsonObject, masking: FieldSetMasking, name = ''): JsonObject {
  const entries = Object.entries(fields);
  const masked = entries.map(([key, each]): [string, JsonValue] => [
    maskElement(key, masking, name),
    isJsonObject(each) ? maskFieldSet(each, masking, key.startsWith('f:') ? key.slice(2) : name) : each,
  ]);
  const isSame = masked.every(([key, each], at) => key === entries[at]?.[0] && each === entries[at]?.[1]);
  return isSame ? fields : Object.fromEntries(masked);
}

const fieldNames = /"([^"\\]{1,253})":/g;

function maskElement(key: string, masking: FieldSetMasking, name: string): string {
  const prefix = key.slice(0, 2);
  if (prefix === 'k:' && ![...key.matchAll(fieldNames)].some(([, each = '']) => masking.isSuspect(each))) {
    return masking.maskKey(key);
  }
  if (prefix !== 'v:' && prefix !== 'k:') return masking.maskKey(key);
  let value: JsonValue;
  try {
    value = JSON.parse(key.slice(2)) as JsonValue;
  } catch {
    return masking.maskKey(key); // No key of the API server's own making.
  }
  const masked = masking.maskValue(value, name);
  return masked === value ? masking.maskKey(key) : `${prefix}${JSON.stringify(masked)}`;
}

import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { lastApplied } from './last-applied.ts';
import type { Mask } from './mask.ts';
import {
  maskData,
  maskDataValue,
  maskLastApplied,
  maskSecret,
  maskStringData,
  maskTextValue,
  type SecretKey,
} from './mask-secret.ts';

const harmlessTops = new Set(['type', 'immutable', 'kind', 'apiVersion']);

/** Masks the values in an RFC 6902 patch of a Secret, and in a ChangeOperation's `oldValue`, by where they go. */
export function maskPatch(operations: readonly JsonValue[], mask: Mask, key: SecretKey): JsonValue[] {
  return operations.map((operation) => {
    if (!isJsonObject(operation)) return maskTextValue(operation, mask, key, 'patch'); // No operation, but a value.
    const path = typeof operation.path === 'string' ? operation.path : '';
    const masked = { ...operation };
    for (const field of ['value', 'oldValue']) {
      const value = masked[field];
      if (value !== undefined) masked[field] = maskAt(path, value, mask, key);
    }
    return masked;
  });
}

function maskAt(path: string, value: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  if (path !== '' && !path.startsWith('/')) return maskTextValue(value, mask, key, path); // No pointer, but a value.
  const [, ...steps] = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [top, second, third] = steps;
  if (top === undefined) {
    return isJsonObject(value) ? maskSecret(value, mask, key) : maskTextValue(value, mask, key, path);
  }
  if (top === 'data') {
    return second === undefined ? maskData(value, mask, key) : maskDataValue(value, mask, key, second);
  }
  if (top === 'stringData') {
    return second === undefined ? maskStringData(value, mask, key) : maskTextValue(value, mask, key, second);
  }
  if (harmlessTops.has(top)) return value;
  if (top !== 'metadata') return maskTextValue(value, mask, key, path);
  if (second === undefined) return withinMetadata(value, mask, key);
  if (second !== 'annotations') return value;
  if (third === lastApplied) return maskLastApplied(value, mask, key);
  return third === undefined ? withinAnnotations(value, mask, key) : value;
}

function withinMetadata(metadata: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  return maskSecret({ metadata }, mask, key).metadata ?? metadata;
}

function withinAnnotations(annotations: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  const masked = withinMetadata({ annotations }, mask, key);
  return isJsonObject(masked) ? (masked.annotations ?? annotations) : annotations;
}

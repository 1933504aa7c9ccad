import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { lastApplied } from './last-applied.ts';
import { maskSecretMetadata } from './mask-secret-metadata.ts';
import type { Mask } from './mask.ts';

/** Names one Secret. */
export interface SecretKey {
  namespace: string;
  name: string;
}

/** The Secret's own word on its name, else what the request's path says. */
export function secretKey(secret: JsonObject, otherwise: SecretKey): SecretKey {
  const metadata = isJsonObject(secret.metadata) ? secret.metadata : {};
  const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : otherwise.namespace;
  const name = typeof metadata.name === 'string' ? metadata.name : otherwise.name;
  return { namespace, name };
}

type Part = 'data' | 'stringData' | 'annotations' | 'others';
const everyPart: readonly Part[] = ['data', 'stringData', 'annotations', 'others'];
/** What a Secret has besides its values. Source: k8s.io/api/core/v1 types.go. */
const harmlessFields = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'data', 'stringData']);

/**
 * Masks the values of one Secret, or of a part of one. What is not shaped as a Secret should be (a number as a value, a
 * string in place of the map) is masked too: such a body is what the API server prints back in its errors.
 */
export function maskSecret(
  secret: JsonObject,
  mask: Mask,
  key: SecretKey,
  parts: readonly Part[] = everyPart,
): JsonObject {
  const masked: JsonObject = { ...secret };
  if (parts.includes('data')) replaceIn(masked, 'data', (values) => maskData(values, mask, key));
  if (parts.includes('stringData')) replaceIn(masked, 'stringData', (values) => maskStringData(values, mask, key));
  if (parts.includes('annotations') && isJsonObject(secret.metadata)) {
    masked.metadata = maskAnnotations(maskSecretMetadata(secret, mask, key), mask, key);
  }
  if (parts.includes('others')) {
    for (const field of Object.keys(masked)) {
      // A mistyped `data` is no field of a Secret, and yet holds its values. Strategic merge patches have directives with $.
      const value = masked[field];
      if (harmlessFields.has(field) || field.startsWith('$') || typeof value === 'boolean') continue;
      replaceIn(masked, field, (other) => maskTextValue(other, mask, key, field));
    }
  }
  return masked;
}

/** A Secret's `data`: base64 values by key. */
export function maskData(values: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  return maskValues(values, (name, value) => maskDataValue(value, mask, key, name));
}

/** One value of `data`. null stays: it is a merge patch's way to remove a key. */
export function maskDataValue(value: JsonValue, mask: Mask, key: SecretKey, name: string): JsonValue {
  if (value === null) return value;
  if (typeof value === 'string') {
    const release = mask.maskPayload?.(value, mask);
    if (release !== undefined) return release;
  }
  return mask.ofData({ ...key, key: name }, typeof value === 'string' ? value : base64OfText(JSON.stringify(value)));
}

/** A Secret's `stringData`: plain values by key. */
export function maskStringData(values: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  return maskValues(values, (name, value) => maskTextValue(value, mask, key, name));
}

/** One plain value. */
export function maskTextValue(value: JsonValue, mask: Mask, key: SecretKey, name: string): JsonValue {
  if (value === null) return value;
  return mask.ofText({ ...key, key: name }, typeof value === 'string' ? value : JSON.stringify(value));
}

/** The last-applied annotation stays readable JSON with its values masked; what is not JSON is masked whole. */
export function maskLastApplied(applied: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  if (typeof applied === 'string') {
    try {
      const parsed = JSON.parse(applied) as JsonValue;
      if (isJsonObject(parsed)) return JSON.stringify(maskSecret(parsed, mask, key));
    } catch {
      // Falls through: what cannot be read is not passed on.
    }
  }
  return maskTextValue(applied, mask, key, lastApplied);
}

function maskAnnotations(metadata: JsonValue, mask: Mask, key: SecretKey): JsonValue {
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined;
  if (!isJsonObject(metadata) || !isJsonObject(annotations) || annotations[lastApplied] === undefined) return metadata;
  const applied = maskLastApplied(annotations[lastApplied], mask, key);
  return { ...metadata, annotations: { ...annotations, [lastApplied]: applied } };
}

function maskValues(values: JsonValue, maskOne: (name: string, value: JsonValue) => JsonValue): JsonValue {
  if (!isJsonObject(values)) return values === null ? null : maskOne('', values);
  // fromEntries defines own properties: a key called __proto__ stays a key.
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, maskOne(name, value)]));
}

function replaceIn(object: JsonObject, field: string, replace: (value: JsonValue) => JsonValue): void {
  if (object[field] !== undefined) object[field] = replace(object[field]);
}

import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { lastApplied } from './last-applied.ts';
import type { Mask } from './mask.ts';
import { maskPatch } from './mask-patch.ts';
import { maskStatus } from './mask-status.ts';
import { maskSecret, secretKey, type SecretKey } from './mask-secret.ts';

/** What the caller knows from the request of a value that does not say itself: patches, metadata-only answers. */
export interface Assumed {
  /** The resource's kind. `Secret`: whatever has no kind of its own, or only metadata, is taken for a Secret. */
  kind: string;
  namespace?: string;
  name?: string;
}

/**
 * Masks every Secret value and service account token in one decoded value, whatever it comes in: the object itself, a
 * list, a Table's rows, PartialObjectMetadata, a watch event, a TokenRequest, the last-applied annotation, and (when
 * `assumed` says that it is about a Secret) a merge patch, a JSON patch or a failure Status. Never mutates its input; what holds no secret
 * is returned as it is, the same reference. Idempotent.
 */
export function maskObject(value: JsonValue, mask: Mask, assumed?: Assumed): JsonValue {
  if (Array.isArray(value)) return assumed?.kind === 'Secret' ? maskPatch(value, mask, keyOf(assumed)) : value;
  if (!isJsonObject(value)) return value;
  const kind = typeof value.kind === 'string' ? value.kind : '';

  if (kind === 'Status') return assumed?.kind === 'Secret' && value.status !== 'Success' ? maskStatus(value) : value;
  if (kind === 'TokenRequest') return maskTokenRequest(value, mask, assumed);
  if (isSecret(value, kind, assumed)) return maskSecret(value, mask, secretKey(value, keyOf(assumed)));
  if (kind === 'Table') return maskEach(value, 'rows', (row) => maskWithin(row, 'object', mask, assumed));
  if (isList(value, kind)) {
    const items = kind === 'SecretList' ? { kind: 'Secret' } : itemsAssumed(assumed);
    return maskEach(value, 'items', (item) => maskObject(item, mask, items));
  }
  if (isWatchEvent(value, kind)) return maskWithin(value, 'object', mask, assumed);
  return maskAppliedSecret(value, mask);
}

/**
 * Another API group's `Secret` is not ours to judge; one whose group is not told (a list's item) is taken for ours, and so is
 * every one in an answer about Secrets.
 */
function isSecret(value: JsonObject, kind: string, assumed: Assumed | undefined): boolean {
  const isAboutSecrets = assumed?.kind === 'Secret';
  if (kind === 'Secret') return isAboutSecrets || value.apiVersion === 'v1' || value.apiVersion === undefined;
  if (!isAboutSecrets) return false;
  return kind === 'PartialObjectMetadata' || (kind === '' && !isWatchEvent(value, kind));
}

function isList(value: JsonObject, kind: string): boolean {
  return kind.endsWith('List') && Array.isArray(value.items);
}

function isWatchEvent(value: JsonObject, kind: string): boolean {
  return kind === '' && typeof value.type === 'string' && isJsonObject(value.object);
}

/** A list's own name is not its items'. */
function itemsAssumed(assumed: Assumed | undefined): Assumed | undefined {
  return assumed === undefined ? undefined : { kind: assumed.kind };
}

function keyOf(assumed: Assumed | undefined): SecretKey {
  return { namespace: assumed?.namespace ?? '', name: assumed?.name ?? '' };
}

function maskWithin(value: JsonValue, field: string, mask: Mask, assumed: Assumed | undefined): JsonValue {
  if (!isJsonObject(value) || value[field] === undefined) return value;
  const masked = maskObject(value[field], mask, assumed);
  return masked === value[field] ? value : { ...value, [field]: masked };
}

function maskEach(value: JsonObject, field: string, maskOne: (item: JsonValue) => JsonValue): JsonValue {
  const items = value[field];
  if (!Array.isArray(items)) return value;
  const masked = items.map(maskOne);
  return masked.every((item, at) => item === items[at]) ? value : { ...value, [field]: masked };
}

/** TokenRequest's answer carries a live credential. Source: k8s.io/api/authentication/v1 types.go. */
function maskTokenRequest(value: JsonObject, mask: Mask, assumed: Assumed | undefined): JsonValue {
  const status = value.status;
  if (!isJsonObject(status) || status.token === undefined || status.token === '') return value;
  const place = { ...secretKey(value, keyOf(assumed)), key: 'status.token' };
  const text = typeof status.token === 'string' ? status.token : JSON.stringify(status.token);
  return { ...value, status: { ...status, token: mask.ofText(place, text) } };
}

/** Metadata-only forms of a Secret do not say that they are one; the Secret that was applied does, inside its annotation. */
function maskAppliedSecret(value: JsonObject, mask: Mask): JsonValue {
  const annotations = isJsonObject(value.metadata) ? value.metadata.annotations : undefined;
  const applied = isJsonObject(annotations) ? annotations[lastApplied] : undefined;
  if (typeof applied !== 'string' || !/"Secret"|\\u/.test(applied)) return value;
  let parsed: unknown;
  try {
    parsed = JSON.parse(applied);
  } catch {
    return value; // Not a Secret's: of a Secret, an unreadable annotation is masked whole.
  }
  const secret = isJsonObject(parsed) && parsed.kind === 'Secret' && isSecret(parsed, 'Secret', undefined);
  return secret ? maskSecret(value, mask, secretKey(value, keyOf(undefined)), ['annotations']) : value;
}

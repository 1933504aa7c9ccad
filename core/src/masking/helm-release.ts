import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { textOfBase64 } from './base64-text.ts';
import { isPackedPayload } from './detectors/encoded.ts';
import type { Mask, SecretPlace } from './mask.ts';
import { maskDocument } from './mask-document.ts';
import { anywhere, maskText, maskWhole } from './mask-text.ts';
import type { ReleaseCodec } from './release-codec.ts';

/**
 * Helm keeps every release as one packed text: the manifests with the values of Secrets in them, the values it was given, the
 * chart. Helm must be able to read it, so it is opened, masked inside, and packed again. What stands in a Secret of the
 * manifests has that Secret's mask, and so has every copy of it in the values: a chart that is rendered from masked values
 * puts each mask back where it came from, where it can be exchanged for the value.
 */

/** A mask that looks into Helm's payloads. Without it they are masked as a whole, and helm cannot read them. */
export function withReleases(mask: Mask, codec: ReleaseCodec): Mask {
  return { ...mask, maskPayload: (payload, within) => maskHelmRelease(payload, within, codec) };
}

/** The payload of a release with its values masked; undefined for what is none, or cannot be read. Deterministic, idempotent. */
export function maskHelmRelease(payload: string, mask: Mask, codec: ReleaseCodec): string | undefined {
  if (!isPackedPayload(payload)) return undefined;
  const opened = codec.open(payload);
  const release = opened === undefined ? undefined : releaseOf(opened.text);
  if (opened === undefined || release === undefined) return undefined;
  const before = JSON.stringify(release);
  const text = JSON.stringify(maskRelease(release, mask, codec));
  return text === before ? payload : codec.close({ ...opened, text });
}

/** Source: helm.sh/helm/v4 pkg/release/v1 Release; the same in version 3. */
function releaseOf(text: string): JsonObject | undefined {
  try {
    const parsed = JSON.parse(text) as JsonValue;
    if (!isJsonObject(parsed)) return undefined;
    return typeof parsed.name === 'string' && typeof parsed.manifest === 'string' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What holds no value, and what helm must find as it was. */
const plainFields = new Set(['name', 'namespace', 'version', 'apply_method', 'labels']);

function maskRelease(release: JsonObject, mask: Mask, codec: ReleaseCodec): JsonObject {
  const copies = createCopies();
  const namespace = typeof release.namespace === 'string' ? release.namespace : '';
  const manifests = { mask: copies.noting(mask), codec, namespace };
  // Manifests first: what they say of Secrets is looked for in all the rest.
  const manifest = maskManifest(release.manifest ?? '', manifests);
  const hooks = mapItems(release.hooks, (hook) => withField(hook, 'manifest', (text) => maskManifest(text, manifests)));
  const inner = { mask, copies, place: { namespace, name: String(release.name), key: '' } };
  const masked: JsonObject = {};
  for (const [field, value] of Object.entries(release)) {
    if (field === 'manifest') masked[field] = manifest;
    else if (field === 'hooks') masked[field] = hooks ?? value;
    else if (field === 'chart') masked[field] = maskChart(value, inner);
    else if (field === 'info') masked[field] = maskInfo(value, inner);
    else masked[field] = plainFields.has(field) ? value : maskValues(value, inner);
  }
  return masked;
}

interface Inner {
  mask: Mask;
  copies: Copies;
  place: SecretPlace;
}

function maskValues(value: JsonValue, { mask, copies }: Inner): JsonValue {
  return maskDocument(copies.replaceIn(value), mask);
}

/** Name, version and schema stay: helm decides by them. */
function maskChart(chart: JsonValue, inner: Inner): JsonValue {
  let masked = withField(chart, 'values', (values) => maskValues(values, inner));
  for (const field of ['templates', 'files']) {
    masked = withField(masked, field, (files) => mapItems(files, (file) => maskFile(file, inner)) ?? files);
  }
  return masked;
}

/** `data` stays base64: helm does not read a release in which it is not. */
function maskFile(file: JsonValue, { mask, copies, place }: Inner): JsonValue {
  const key = isJsonObject(file) && typeof file.name === 'string' ? file.name : '';
  return withField(file, 'data', (data) => {
    if (typeof data !== 'string' || data === '') return data;
    const text = textOfBase64(data);
    if (text === undefined) return mask.ofData({ ...place, key }, data);
    const masked = maskText(copies.replaceText(text), mask);
    return masked === text ? data : base64OfText(masked);
  });
}

/** Times and status stay. */
function maskInfo(info: JsonValue, { mask, copies }: Inner): JsonValue {
  let masked = info;
  for (const field of ['notes', 'description']) {
    masked = withField(masked, field, (text) =>
      typeof text === 'string' ? maskText(copies.replaceText(text), mask) : text,
    );
  }
  return masked;
}

function maskManifest(
  manifest: JsonValue,
  { mask, codec, namespace }: { mask: Mask; codec: ReleaseCodec; namespace: string },
): JsonValue {
  if (typeof manifest !== 'string') return maskDocument(manifest, mask);
  const masked = codec.editYaml(manifest, (document) => maskDocument(document, mask, '', { namespace, name: '' }));
  return masked ?? maskWhole(manifest, mask);
}

/** What stands in the Secrets of a release, to be found again where it was copied from. */
interface Copies {
  /** The mask, which notes what it masks at the place of a Secret. */
  noting(mask: Mask): Mask;
  replaceText(text: string): string;
  replaceIn(value: JsonValue): JsonValue;
}

/** A shorter one may be a word: a user's name that is the release's, too. As in the audit record. */
const shortestCopy = 8;

function createCopies(): Copies {
  const masks = new Map<string, string>();
  let pattern: RegExp | undefined;
  const note = (text: string | undefined, token: string): void => {
    if (text === undefined || text.length < shortestCopy || text === token) return;
    masks.set(text, token);
    pattern = undefined;
  };
  const replaceText = (text: string): string => {
    if (masks.size === 0) return text;
    // In one pass, the longest first: what is put in is not looked through again.
    pattern ??= new RegExp(
      [...masks.keys()]
        .toSorted((a, b) => b.length - a.length)
        .map(escaped)
        .join('|'),
      'g',
    );
    return text.replace(pattern, (found) => masks.get(found) ?? found);
  };
  const replaceIn = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return replaceText(value);
    if (typeof value === 'number') return masks.get(String(value)) ?? value;
    if (Array.isArray(value)) return value.map(replaceIn);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaceIn(each)]));
  };
  return {
    noting: (mask) => ({
      ...mask,
      ofData(place, base64) {
        const masked = mask.ofData(place, base64);
        note(textOfBase64(base64), textOfBase64(masked) ?? masked);
        return masked;
      },
      ofText(place, text) {
        const masked = mask.ofText(place, text);
        if (place !== anywhere) note(text, masked);
        return masked;
      },
    }),
    replaceText,
    replaceIn,
  };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function withField(value: JsonValue, field: string, change: (value: JsonValue) => JsonValue): JsonValue {
  if (!isJsonObject(value) || value[field] === undefined) return value;
  return { ...value, [field]: change(value[field]) };
}

function mapItems(value: JsonValue | undefined, change: (item: JsonValue) => JsonValue): JsonValue | undefined {
  return Array.isArray(value) ? value.map(change) : value;
}

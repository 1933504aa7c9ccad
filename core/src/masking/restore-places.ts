import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { textOfBase64 } from './base64-text.ts';
import { fieldStep, itemStep, type DocumentPath } from './document-path.ts';
import { containsMaskToken } from './mask.ts';
import type { ReleaseCodec } from './release-codec.ts';
import { innerDocuments, openedStep } from './restore-inner.ts';

/** What stands masked at one place of an object: what is shown there, and what it stands for. */
export interface ShownValue {
  shown: JsonValue;
  original: JsonValue;
}

export interface ShownPlaces {
  at(path: DocumentPath): readonly ShownValue[];
}

/**
 * Every place of an object at which something else is shown than what is there. One place may show several values: the object
 * itself, and as it was last applied.
 */
export function shownPlaces(shown: JsonValue, original: JsonValue, codec: ReleaseCodec | undefined): ShownPlaces {
  const places = new Map<string, ShownValue[]>();
  const add = (path: DocumentPath, value: ShownValue): void => {
    const key = keyOf(path);
    places.set(key, [...(places.get(key) ?? []), value]);
  };
  const isSecret = isJsonObject(original) && original.kind === 'Secret' && original.apiVersion === 'v1';
  collect({ shown, original }, [], codec, (path, value) => {
    add(path, value);
    const twin = isSecret ? secretTwin(path, value) : undefined;
    if (twin !== undefined) add(twin.path, twin.value);
  });
  return { at: (path) => places.get(keyOf(path)) ?? [] };
}

/** With --reuse-values, helm writes the values of the revision before as the chart's own: in a release, both are one place. */
function keyOf(path: DocumentPath): string {
  const opened = path.indexOf(openedStep);
  const isChartValue = opened >= 0 && path[opened + 1] === '.chart' && path[opened + 2] === '.values';
  const place = isChartValue ? [...path.slice(0, opened + 1), '.config', ...path.slice(opened + 3)] : path;
  return place.join('\0');
}

function collect(
  { shown, original }: ShownValue,
  path: DocumentPath,
  codec: ReleaseCodec | undefined,
  add: (path: DocumentPath, value: ShownValue) => void,
): void {
  // Masking returns what holds no secret as it is.
  if (shown === original) return;
  if (Array.isArray(shown) && Array.isArray(original)) {
    for (const [at, item] of original.entries()) {
      collect({ shown: shown[at] ?? null, original: item }, [...path, itemStep(item, at)], codec, add);
    }
  } else if (isJsonObject(shown) && isJsonObject(original)) {
    for (const [name, value] of Object.entries(original)) {
      if (Object.hasOwn(shown, name)) {
        collect({ shown: shown[name] ?? null, original: value }, [...path, fieldStep(name)], codec, add);
      }
    }
  } else {
    add(path, { shown, original });
    if (typeof shown === 'string' && typeof original === 'string') collectInner(shown, original, path, codec, add);
  }
}

function collectInner(
  shown: string,
  original: string,
  path: DocumentPath,
  codec: ReleaseCodec | undefined,
  add: (path: DocumentPath, value: ShownValue) => void,
): void {
  const originals = innerDocuments(original, path, codec);
  const shownOnes = originals === undefined ? undefined : innerDocuments(shown, path, codec);
  for (const [at, { document, path: where }] of originals?.entries() ?? []) {
    const counterpart = shownOnes?.[at];
    if (counterpart !== undefined) collect({ shown: counterpart.document, original: document }, where, codec, add);
  }
}

/** A value of a Secret has one place, whether it is written in `data` or in `stringData`. */
function secretTwin(path: DocumentPath, { shown, original }: ShownValue) {
  const [part, key] = path;
  if (path.length !== 2 || key === undefined || typeof shown !== 'string' || typeof original !== 'string')
    return undefined;
  if (part === fieldStep('stringData')) {
    const value = { shown: base64OfText(shown), original: base64OfText(original) };
    return { path: [fieldStep('data'), key], value };
  }
  if (part !== fieldStep('data')) return undefined;
  const plain = { shown: textOfBase64(shown), original: textOfBase64(original) };
  if (plain.shown === undefined || plain.original === undefined || !containsMaskToken(plain.shown)) return undefined;
  return { path: [fieldStep('stringData'), key], value: { shown: plain.shown, original: plain.original } };
}

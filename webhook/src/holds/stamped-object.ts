import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '@holdpoint/core';

/** The part of a Hold or Grant that an update changes though only the webhook may, or undefined. */
export function changedByHand(object: JsonObject, oldObject: JsonObject): 'spec' | 'status' | undefined {
  return (['spec', 'status'] as const).find(
    (field) => canonicalJson(object[field] ?? null) !== canonicalJson(oldObject[field] ?? null),
  );
}

export function annotationsOf(object: Record<string, JsonValue>): Record<string, string | undefined> {
  const { metadata } = object;
  if (!isJsonObject(metadata) || !isJsonObject(metadata['annotations'])) return {};
  return metadata['annotations'] as Record<string, string>;
}

/** A JSON Pointer to an annotation. */
export function annotationPath(name: string): string {
  return `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

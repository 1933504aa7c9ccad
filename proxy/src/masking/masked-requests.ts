import {
  isJsonObject,
  maskDocument,
  type AnswerMasking,
  type JsonObject,
  type JsonValue,
  type Mask,
  type RequestInfo,
} from '@holdpoint/core';
import { refuse, type Refusal } from '../refusal.ts';

/** Where nothing is masked: what is copied from, or tested, there shows nothing. */
const openPlaces =
  /^\/(?:metadata\/(?:labels\/[^/]+|finalizers(?:\/.*)?|ownerReferences(?:\/.*)?|resourceVersion|uid|generation)|spec\/replicas|kind|apiVersion)$/;
/** Where a value lies under a name that does not tell. */
const closedPlaces = /\/(?:env|envFrom|command|args|data|binaryData|stringData|annotations)(?:\/|$)/;

/**
 * A JSON patch runs inside the API server: copy and move can put a value where nothing masks it, test confirms a guess. What
 * could do so is refused; what cannot be read as a patch is refused with it. Elsewhere than on Secrets, only what is copied from
 * or tested where a secret may lie.
 *
 * @param how undefined where nothing is masked in the answers, and so nothing is judged
 */
export function refusePatch(
  info: RequestInfo,
  how: AnswerMasking | undefined,
  contentType: string,
  body: Buffer,
  mask: Mask,
): Refusal | undefined {
  if (info.verb !== 'patch' || how === undefined) return undefined;
  let patch: JsonValue;
  try {
    patch = JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    // Server-side apply sends YAML; only a JSON patch has operations, and it is JSON.
    return isJsonPatch(contentType) ? refuse('malformed', 'the JSON patch is not JSON') : undefined;
  }
  if (!Array.isArray(patch)) {
    return isJsonPatch(contentType) ? refuse('malformed', 'the JSON patch is not a list of operations') : undefined;
  }
  const refused = patch.findIndex((each) => !isJsonObject(each) || !isHarmless(each, how, mask));
  if (refused < 0) return undefined;
  return refuse(
    'forbidden',
    how.assumed !== undefined
      ? `operation ${String(refused)} of the JSON patch: on secrets only add, remove and replace are served, because copy, ` +
          'move and test could show or confirm a value'
      : `operation ${String(refused)} of the JSON patch: copy, move and test are served only where no masked value may lie, ` +
          'because they could show or confirm one; write the value itself',
  );
}

function isHarmless(operation: JsonObject, how: AnswerMasking, mask: Mask): boolean {
  const { op, path, from } = operation;
  if (op === 'add' || op === 'remove' || op === 'replace') return true;
  if (how.assumed !== undefined) return false;
  if (op === 'copy' || op === 'move') return typeof from === 'string' && openPlaces.test(from);
  if (op !== 'test' || typeof path !== 'string') return false;
  if (openPlaces.test(path)) return true;
  // Guessing at what no detector would find under that name confirms nothing that is masked.
  return how.fields.length === 0 && !closedPlaces.test(path) && maskDocument(operation, mask) === operation;
}

function isJsonPatch(contentType: string): boolean {
  return contentType.toLowerCase().includes('json-patch');
}

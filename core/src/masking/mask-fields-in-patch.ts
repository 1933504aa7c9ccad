import { isJsonObject, type JsonObject, type JsonValue } from '../kubernetes/object.ts';
import { pathsBehind, type FieldPath } from './field-path.ts';
import { atPaths, maskFields } from './mask-fields.ts';
import { maskWhole } from './mask-text.ts';
import type { Mask } from './mask.ts';

/**
 * Masks what a write carries for the places of an object: in an RFC 6902 patch by where each operation goes, in any other body by
 * where it stands, since a merge patch has the shape of its object. The same reference when nothing of it goes there.
 */
export function maskFieldsWritten(body: JsonValue, paths: readonly FieldPath[], mask: Mask): JsonValue {
  if (isJsonObject(body)) return maskFields(body, paths, mask).object;
  if (!Array.isArray(body)) return body;
  const masked = body.map((each) => (isJsonObject(each) ? maskOperation(each, paths, mask) : each));
  return masked.every((each, at) => each === body[at]) ? body : masked;
}

function maskOperation(operation: JsonObject, paths: readonly FieldPath[], mask: Mask): JsonObject {
  const { path, value } = operation;
  if (typeof path !== 'string' || value === undefined) return operation;
  const [, ...steps] = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (steps.length === 0 && isJsonObject(value)) return withValue(operation, maskFields(value, paths, mask).object);
  return withValue(
    operation,
    atPaths(value, pathsBehind(paths, steps), (text) => maskWhole(text, mask)),
  );
}

function withValue(operation: JsonObject, value: JsonValue): JsonObject {
  return value === operation.value ? operation : { ...operation, value };
}

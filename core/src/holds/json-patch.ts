import jsonPatch, { type Operation } from 'fast-json-patch';
import type { JsonObject } from '../kubernetes/object.ts';
import type { ChangeOperation } from './hold.ts';

/** What turns `before` into `after`, each operation with the value that stood there before. Empty when they are equal. */
export function diffObjects(before: JsonObject, after: JsonObject): ChangeOperation[] {
  const operations: ChangeOperation[] = [];
  let oldValue: { path: string; value: ChangeOperation['value'] } | undefined;
  // An invertible comparison puts a `test` with the old value ahead of each replace and remove.
  for (const operation of jsonPatch.compare(before, after, true) as Operation[]) {
    if (operation.op === 'test') {
      oldValue = { path: operation.path, value: operation.value as ChangeOperation['value'] };
    } else if (operation.op === 'add' || operation.op === 'replace' || operation.op === 'remove') {
      operations.push({
        op: operation.op,
        path: operation.path,
        ...(operation.op === 'remove' ? {} : { value: operation.value as ChangeOperation['value'] }),
        ...(oldValue?.path === operation.path ? { oldValue: oldValue.value } : {}),
      });
      oldValue = undefined;
    }
  }
  return operations;
}

/** A copy of `object` with the operations done to it; undefined when they do not fit. */
export function applyOperations(object: JsonObject, operations: readonly ChangeOperation[]): JsonObject | undefined {
  const plain = operations.map(({ op, path, value }) => ({ op, path, ...(op === 'remove' ? {} : { value }) }));
  try {
    return jsonPatch.applyPatch(structuredCopy(object), plain as Operation[], true).newDocument as JsonObject;
  } catch {
    return undefined; // The patch speaks of another object: the caller shows it path by path.
  }
}

function structuredCopy(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}

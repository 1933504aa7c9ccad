import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import type { Operation } from '../policy/access-policy.ts';
import type { Change, DeleteOptions } from './hold.ts';
import { diffObjects } from './json-patch.ts';
import { normaliseObject } from './normalise.ts';
import { ownershipGains } from './ownership.ts';

/** The objects of a write, as admission shows them. */
export interface WriteObjects {
  operation: Operation;
  object: JsonValue;
  oldObject: JsonValue;
  options: JsonValue;
}

/** What a write changes, without what the server or time put there. Nothing is masked: see the caller. */
export function changeOf(write: WriteObjects): Change {
  switch (write.operation) {
    case 'CREATE':
      return { type: 'Create', object: normalised(write.object) };
    case 'UPDATE':
      return updateOf(write);
    case 'DELETE':
      return { type: 'Delete', object: normalised(write.oldObject), ...deleteOptionsOf(write.options) };
    case 'CONNECT':
      return { type: 'Connect', options: write.object };
  }
}

/** True for an UPDATE that changes nothing a person would care about: such a write always passes. */
export function isEmptyChange(change: Change): boolean {
  return change.type === 'Update' && change.patch.length === 0 && change.ownership === undefined;
}

/**
 * True when a number somewhere in it is an integer beyond 2^53: JSON readers take such a number for a neighbour of it, so
 * that two of them cannot be told apart.
 */
export function hasInexactNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasInexactNumber);
}

function updateOf({ object, oldObject }: WriteObjects): Change {
  const patch = diffObjects(objectOf(oldObject), objectOf(object));
  const ownership = ownershipGains(oldObject, object);
  return { type: 'Update', patch, ...(ownership.length === 0 ? {} : { ownership }) };
}

/**
 * What makes one delete another: `kubectl delete --cascade=orphan` leaves behind what `--cascade=foreground` takes with it,
 * and a grace period of 0 does not wait for anything. Preconditions only narrow it. Source: apimachinery DeleteOptions.
 */
function deleteOptionsOf(options: JsonValue): { options?: DeleteOptions } {
  if (!isJsonObject(options)) return {};
  const { propagationPolicy, orphanDependents, gracePeriodSeconds } = options;
  const policy = orphanDependents === true ? 'Orphan' : orphanDependents === false ? 'Background' : propagationPolicy;
  const kept: DeleteOptions = {
    ...(typeof policy === 'string' ? { propagationPolicy: policy } : {}),
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
  };
  return Object.keys(kept).length === 0 ? {} : { options: kept };
}

function normalised(value: JsonValue): JsonValue {
  return isJsonObject(value) ? normaliseObject(value) : value;
}

function objectOf(value: JsonValue) {
  return isJsonObject(value) ? normaliseObject(value) : {};
}

import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { applyOperations } from './json-patch.ts';
import type { Hold } from './hold.ts';

/**
 * The object before and after, as the hold shows them: masked, and null where there is none. Undefined where it cannot be
 * told: an update whose hold keeps no `before`, or whose patch does not fit it.
 */
export function statesOf({
  change,
  before,
}: Pick<Hold['spec'], 'change' | 'before'>): { before: JsonValue; after: JsonValue } | undefined {
  switch (change.type) {
    case 'Create':
      return { before: null, after: change.object };
    case 'Delete':
      return { before: change.object, after: null };
    case 'Connect':
      return undefined;
    case 'Update': {
      if (!isJsonObject(before)) return undefined;
      const after = applyOperations(before, change.patch);
      return after === undefined ? undefined : { before, after };
    }
  }
}

import { isDrawnName } from '../holds/generated-name.ts';
import type { AdmissionRequest } from './admission-review.ts';

/**
 * The name that the client asked for: empty where the API server drew it from `generateName`, as it does before admission, and
 * anew at every attempt. A question that had the drawn name in it would be another one each time, and no approval of it of use.
 *
 * For the question alone. Rules go by the name that the object gets: a client may choose one that looks drawn.
 */
export function askedNameOf({
  operation,
  name,
  object,
}: Pick<AdmissionRequest, 'operation' | 'name' | 'object'>): string {
  return operation === 'CREATE' && isDrawnName(object, name) ? '' : name;
}

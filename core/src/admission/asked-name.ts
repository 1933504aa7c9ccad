import { isJsonObject } from '../kubernetes/object.ts';
import type { AdmissionRequest } from './admission-review.ts';

/** Source: apiserver pkg/storage/names: five of these after the prefix, which is cut so that both together fit a label. */
const drawnSuffix = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const maxPrefixLength = 58;

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
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const prefix = isJsonObject(metadata) ? metadata['generateName'] : undefined;
  if (operation !== 'CREATE' || typeof prefix !== 'string' || prefix === '') return name;
  const base = prefix.slice(0, maxPrefixLength);
  return name.startsWith(base) && drawnSuffix.test(name.slice(base.length)) ? '' : name;
}

import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';

/** As long as the prefix may be, so that name and suffix fit 63 characters. Source: apiserver storage/names/generate.go. */
const maxPrefixLength = 58;
/** Five letters and digits of those that spell no word. Source: apimachinery util/rand. */
const suffix = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/**
 * True when the API server drew the object's name from its `generateName`, or has yet to: it draws before admission, and another
 * one at every attempt. A name of the client's own is its own, though a `generateName` stands beside it.
 */
export function hasGeneratedName(object: JsonValue): boolean {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return isDrawnName(object, typeof name === 'string' ? name : '');
}

/** As hasGeneratedName, of a name that is told beside the object: empty where there is none yet. */
export function isDrawnName(object: JsonValue, name: string): boolean {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  const generateName = isJsonObject(metadata) ? metadata['generateName'] : undefined;
  if (typeof generateName !== 'string' || generateName === '') return false;
  const prefix = generateName.slice(0, maxPrefixLength);
  return name === '' || (name.startsWith(prefix) && suffix.test(name.slice(prefix.length)));
}

import { isJsonObject, type JsonValue } from '../kubernetes/object.ts';
import { fieldStep, itemStep, pathText, type DocumentPath } from './document-path.ts';
import { containsMaskToken } from './mask.ts';
import type { ReleaseCodec } from './release-codec.ts';

/**
 * One of these stands in the bytes of every JSON text in which a mask stands that was shown somewhere: plain, as the value of
 * a Secret, or within a Helm release.
 */
export const maskMarks: readonly string[] = ['holdpoint-mask:', 'aG9sZHBvaW50LW1hc2s6', '"H4sI', '"SDRzS'];

/** Enough to see what is wrong with a request. */
const mostPlaces = 5;
/** Helm's payloads within a JSON text, in a ConfigMap or a Secret. */
const payloads = /"((?:H4sI|SDRzS)[A-Za-z0-9+/]{60,}={0,2})"/g;

/** True when a text, or a Helm release packed in it as a JSON string, carries a mask. */
export function createMaskFinder(codec: ReleaseCodec): (text: string) => boolean {
  return (text) => {
    if (containsMaskToken(text)) return true;
    if (!maskMarks.some((mark) => text.includes(mark))) return false;
    return [...text.matchAll(payloads)].some(([, payload = '']) => containsMaskToken(codec.open(payload)?.text ?? ''));
  };
}

/** The places of a value at which masks stand, the first few of them, for people. */
export function maskedPlaces(value: JsonValue, containsMask: (text: string) => boolean): string[] {
  const places = new Set<string>();
  const look = (each: JsonValue, path: DocumentPath): void => {
    if (places.size >= mostPlaces) return;
    if (typeof each === 'string') {
      if (containsMask(JSON.stringify(each))) places.add(pathText(path));
    } else if (Array.isArray(each)) {
      each.forEach((item, at) => look(item, [...path, itemStep(item, at)]));
    } else if (isJsonObject(each)) {
      for (const [name, field] of Object.entries(each)) look(field, [...path, fieldStep(name)]);
    }
  };
  look(value, []);
  return [...places];
}

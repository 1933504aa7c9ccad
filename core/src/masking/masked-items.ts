import { createGenerations } from '../generations.ts';
import type { Mask, SecretPlace } from './mask.ts';

/**
 * The masked forms of items that were masked before. The same lists are asked for again and again, and of a list of
 * thousands of Secrets next to none has changed since: telling that by its hash costs a fraction of masking it once more.
 *
 * An entry can serve no other item, and no other way of masking: what an item becomes is a function of its bytes, of the rule,
 * and of the mask. The first two are the key, whole, as SHA-256 each; the third is fixed, for this memory is a part of one
 * mask (see withMaskedItems). A changed policy, another representation, another resource are another rule, and so need
 * nobody to empty anything. Nor can an entry tell a client what it may not see: it is only looked up by bytes that the API
 * server has just answered to that client, and holds what these would be masked to.
 */
export interface MaskedItems {
  /** @param rule everything that says how an item is masked, written out: two rules are one when they are the same text */
  under(rule: string): RememberedRule;
}

/** What is remembered of the items that are masked by one rule. */
export interface RememberedRule {
  /**
   * The masked bytes of an item, each a character (Latin-1); undefined when nothing in it is masked, and it goes as it came.
   *
   * @param maskNow masks by this rule and with the mask it is given, where nothing is remembered
   * @param mask is told of every value that is masked, whether remembered or not
   */
  masked(item: Uint8Array, mask: Mask, maskNow: (mask: Mask) => string | undefined): string | undefined;
}

/** Never what an item was: of one in which nothing is masked, that alone is remembered. */
interface Entry {
  masked: string | undefined;
  /** Of every value that was masked, in order: a request's transcript says how many, and where. */
  places: readonly SecretPlace[];
}

/** SHA-256 of a text's UTF-8, or of bytes; written in any way that takes the same length for all. */
export type Sha256 = (data: string | Uint8Array) => string;

/** A mask that remembers the items of lists, in at most `mostBytes`. */
export function withMaskedItems(mask: Mask, sha256: Sha256, mostBytes: number): Mask {
  return { ...mask, items: createMaskedItems(sha256, mostBytes) };
}

function createMaskedItems(sha256: Sha256, mostBytes: number): MaskedItems {
  const entries = createGenerations<Entry>(mostBytes, bytesOf);
  return {
    under(rule) {
      const ruleHash = sha256(rule);
      return {
        masked(item, mask, maskNow) {
          const key = ruleHash + sha256(item);
          const known = entries.get(key);
          if (known !== undefined) {
            if (mask.note !== undefined) for (const place of known.places) mask.note(place);
            return known.masked;
          }
          const places: SecretPlace[] = [];
          const masked = maskNow(notingPlaces(mask, places));
          entries.set(key, { masked, places });
          return masked;
        },
      };
    },
  };
}

function notingPlaces(mask: Mask, places: SecretPlace[]): Mask {
  return {
    ...mask,
    ofData(place, base64) {
      places.push(place);
      return mask.ofData(place, base64);
    },
    ofText(place, text) {
      places.push(place);
      return mask.ofText(place, text);
    },
  };
}

/** Of a place, the object and the name of its key. */
const placeBytes = 128;
/** Of an entry, its objects, its part of a map, and the namespace and name that its places share. */
const entryBytes = 384;

function bytesOf(key: string, { masked = '', places }: Entry): number {
  return key.length + masked.length + placeBytes * places.length + entryBytes;
}

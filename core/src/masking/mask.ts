import type { MaskedItems } from './masked-items.ts';
import { createTextMemory, type TextMemory } from './memory.ts';
import { describeData, describeText, descriptionPattern } from './describe-value.ts';
import { asciiOfBase64, base64OfBytes, base64OfText, decodedLength, utf8Bytes } from './base64.ts';

/**
 * A mask stands where a secret value stood. It is a token, `holdpoint-mask:v1:<32 hex>:<length>`, bound by an HMAC to its
 * place and its value: written back to the very place it came from it can be told from a forgery and be exchanged for the
 * value again; anywhere else it proves itself foreign. The length is the value's, in bytes. Of a Secret's value, what can
 * safely be told stands behind that: `:certificate-until-2027-01-02`, `:private-key`, `:registry-ghcr.io`.
 */
const marker = 'holdpoint-mask:v1:';
const tokenPattern = `holdpoint-mask:v1:[0-9a-f]{32}:[0-9]{1,10}(?:${descriptionPattern})?`;
const token = new RegExp(`^${tokenPattern}$`);
/** Every mask token within a text, whole. */
export const maskTokens: RegExp = new RegExp(tokenPattern, 'g');
const hexDigits = 32;
/** Its 18 bytes are whole groups of three, so base64 of what stands behind it stands behind this. */
const markerAsData = base64OfText(marker);

/** Where a secret value stands: the Secret, and the key within it. */
export interface SecretPlace {
  namespace: string;
  name: string;
  key: string;
}

/** Makes mask tokens under one key. Total: every value has a token, and a token is its own token. */
export interface Mask {
  /** For a value of a Secret's `data`: base64 in, base64 of the token out, so that typed clients still decode it. */
  ofData(place: SecretPlace, base64: string): string;
  /** For plain text (`stringData`, a token, an annotation). The same value at the same place has the same token. */
  ofText(place: SecretPlace, text: string): string;
  /** A Helm release with its values masked, where somebody can look into one (see withReleases); undefined: it is none. */
  maskPayload?(payload: string, mask: Mask): string | undefined;
  /** What is known of texts that come again. */
  readonly memory: TextMemory;
  /** Items of lists that were masked under this mask before (see withMaskedItems); undefined: each is masked anew. */
  readonly items?: MaskedItems;
  /** Tells who counts what is masked (the other two do it by themselves) of a value whose mask was remembered. */
  note?(place: SecretPlace): void;
}

/**
 * @param hmac HMAC-SHA256 of the text under the installation's mask key, in lower-case hex (at least 32 digits). Whoever
 *   holds that key can confirm a guess of a value, so it is kept as a secret is.
 */
export function createMask(hmac: (text: string) => string): Mask {
  /** A token without its marker. */
  const tagOf = (place: SecretPlace, base64: string, description: string): string => {
    // JSON keeps the parts apart: no choice of names can make two places read the same.
    const bound = JSON.stringify([place.namespace, place.name, place.key, base64]);
    return `${hmac(bound).slice(0, hexDigits)}:${String(decodedLength(base64))}${description}`;
  };
  return {
    memory: createTextMemory(),
    ofData: (place, base64) =>
      isMaskedData(base64)
        ? base64
        : markerAsData + base64OfText(tagOf(place, inOneLine(base64), describeData(base64))),
    ofText: (place, text) =>
      isMaskToken(text)
        ? text
        : // What is found in a text may be a piece of something: of that, the length is all there is to tell.
          marker + tagOf(place, base64OfText(text), isInSecret(place) ? describeText(text) : ''),
  };
}

function isInSecret({ name }: SecretPlace): boolean {
  return name !== '';
}

function inOneLine(base64: string): string {
  return base64.includes('\n') || base64.includes('\r') ? base64.replace(/[\r\n]/g, '') : base64;
}

/** True when the whole text is a mask token. */
export function isMaskToken(text: string): boolean {
  return token.test(text);
}

/** True when the whole base64 text, as in a Secret's `data`, stands for a mask token. */
export function isMaskedData(base64: string): boolean {
  if (!base64.startsWith(markerAsData)) return false;
  return isMaskToken(asciiOfBase64(base64) ?? '');
}

/** The marker's base64 forms when 0, 1 or 2 bytes precede it: of each, the characters no neighbour can change. */
const markerInBase64: readonly string[] = [0, 1, 2].map((shift) => {
  const padded = base64OfBytes([...Array<number>(shift).fill(0), ...utf8Bytes(marker)]);
  return padded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + marker.length) * 8) / 6));
});

/**
 * True when a mask token, or what could be one, stands anywhere in the text: plain, or in base64 at any alignment, even
 * when that is broken into lines (raw, or as JSON's `\n`).
 */
export function containsMaskToken(text: string): boolean {
  const joined = text.replace(/\s|\\[nrt]/g, '');
  return joined.includes(marker) || markerInBase64.some((form) => joined.includes(form));
}

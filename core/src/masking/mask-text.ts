import { decodedText, isPackedPayload } from './detectors/encoded.ts';
import { findCredentials, findTokens } from './detectors/find-credentials.ts';
import { findInCommand } from './detectors/command-flags.ts';
import { mergeSpans, type Span } from './detectors/span.ts';
import { heldFrom } from './held-tail.ts';
import { isMaskedData, isMaskToken, maskTokens, type Mask, type SecretPlace } from './mask.ts';

/**
 * The place of every value that is found by how it looks, or by the name beside it. It is one place for all of them, so
 * that a password is the same mask in an argument, an environment variable and a URL, today and tomorrow: which is what an
 * investigator asks. The values of Secrets are bound to their own places instead: see ADR 0014.
 */
export const anywhere: SecretPlace = { namespace: '', name: '', key: 'text' };

/** Masks a value that is a secret as a whole. */
export function maskWhole(text: string, mask: Mask): string {
  return isMaskToken(text) || isMaskedData(text) ? text : mask.ofText(anywhere, text);
}

/** Masks what in a text is a credential, and leaves all around it. A text without any comes back as it is. */
export function maskText(text: string, mask: Mask): string {
  if (mask.memory.isHarmless(text)) return text;
  const masked = maskUnknownText(text, mask);
  if (masked === text) mask.memory.addHarmless(text);
  return masked;
}

function maskUnknownText(text: string, mask: Mask): string {
  if (isPackedPayload(text)) return mask.maskPayload?.(text, mask) ?? maskWhole(text, mask);
  return replaceSpans(text, findSecrets(text), mask);
}

/** Where in a text there is what `maskText` masks: credentials, or all of it where it hides some in base64. */
export function findSecrets(text: string): readonly Span[] {
  const whole = [{ start: 0, end: text.length }];
  if (isPackedPayload(text)) return whole;
  const spans = unmaskedOf(text, findCredentials(text));
  if (spans.length > 0) return spans;
  const decoded = decodedText(text);
  return decoded !== undefined && !isMaskedData(text) && hidesCredentials(decoded) ? whole : [];
}

/** The same for names of objects, where only a token's own format tells. */
export function maskName(name: string, mask: Mask): string {
  return replaceSpans(name, findTokens(name), mask);
}

/** The same for the keys of maps, where managedFields hold the items of sets: a whole text, though never an encoded one. */
export function maskKey(key: string, mask: Mask): string {
  // Whatever is harmless as a text is harmless as a name.
  if (mask.memory.isHarmless(key)) return key;
  return replaceSpans(key, key.includes('://') ? findCredentials(key) : findTokens(key), mask);
}

/** A command's words: of each what `maskText` finds, and what its flags say of the next. */
export function maskCommand(words: readonly string[], mask: Mask): string[] {
  const spansOf = new Map<number, Span[]>();
  // Spans are places in one long text; laid end to end with a gap, no two words' can touch.
  let offset = 0;
  const laid = words.map((text) => {
    const start = offset;
    offset += text.length + 1;
    return { text, start, end: start + text.length };
  });
  let at = 0;
  for (const span of mergeSpans(findInCommand(laid))) {
    while ((laid[at]?.end ?? Infinity) < span.end) at += 1;
    const start = laid[at]?.start ?? 0;
    spansOf.set(at, [...(spansOf.get(at) ?? []), { start: span.start - start, end: span.end - start }]);
  }
  return words.map((text, at) => {
    const own = spansOf.get(at);
    if (own === undefined) return maskText(text, mask);
    return replaceSpans(text, mergeSpans([...own, ...findCredentials(text)]), mask);
  });
}

/** Pieces of one text, masked as the whole is: what lies across several stands as a mask in the first of them. */
export function maskPieces(pieces: readonly string[], mask: Mask): string[] {
  const spans = findCredentials(pieces.join(''));
  if (spans.length === 0) return [...pieces];
  const whole = pieces.join('');
  let begin = 0;
  let next = 0;
  return pieces.map((piece) => {
    const end = begin + piece.length;
    let masked = '';
    let at = begin;
    for (let span = spans[next]; span !== undefined && span.start < end; span = spans[next]) {
      if (span.start >= begin) {
        masked += whole.slice(at, span.start) + maskWhole(whole.slice(span.start, span.end), mask);
      }
      at = Math.min(span.end, end);
      if (span.end > end) break;
      next += 1;
    }
    masked += whole.slice(at, end);
    begin = end;
    return masked;
  });
}

/**
 * Masks the beginning of a text that goes on: what lies before `cut`, and the rest of a credential that lies across it. One
 * that reaches the end of what is known, and so may go on, is left for the next time whole.
 *
 * @returns how much of the text was read, in UTF-16 units (at least one), and the masked form of that
 */
export function maskBeginning(text: string, cut: number, mask: Mask): { masked: string; read: number } {
  let read = cut;
  for (const { start, end } of findCredentials(text)) {
    if (start < read && end > read) read = end === text.length && start > 0 ? start : end;
  }
  return { masked: maskText(text.slice(0, read), mask), read };
}

/** Masks a text that was cut off: of what stands at its end, also what is only the beginning of a credential. */
export function maskCutOff(text: string, mask: Mask): string {
  const from = heldFrom(text, findCredentials(text), 0);
  // What stands at the end may be masked already.
  return from === text.length || isMasked(text.slice(from))
    ? maskText(text, mask)
    : maskText(text.slice(0, from), mask) + maskWhole(text.slice(from), mask);
}

function hidesCredentials(decoded: string): boolean {
  return isPackedPayload(decoded) || findCredentials(decoded).length > 0;
}

/** A mask may stand beside an `@` or a name, and look like what it stands for: what is masked already is left. */
function isMasked(text: string): boolean {
  return text.includes('holdpoint-mask:') && text.replace(maskTokens, '').length < 4;
}

function unmaskedOf(text: string, found: readonly Span[]): readonly Span[] {
  if (found.length === 0) return found;
  const masks = text.includes('holdpoint-mask:') ? [...text.matchAll(maskTokens)] : [];
  const isWithin = ({ start, end }: Span): boolean =>
    masks.some((token) => token.index <= start && end <= token.index + token[0].length);
  return found.filter((span) => !isWithin(span) && !isMasked(text.slice(span.start, span.end)));
}

function replaceSpans(text: string, found: readonly Span[], mask: Mask): string {
  const spans = unmaskedOf(text, found);
  let masked = '';
  let at = 0;
  for (const { start, end } of spans) {
    masked += text.slice(at, start) + maskWhole(text.slice(start, end), mask);
    at = end;
  }
  return masked + text.slice(at);
}

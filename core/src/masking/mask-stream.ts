/**
 * Masks a text that comes in pieces, and no piece may wait for the end: a terminal's output. What is masked must not depend on
 * where the pieces were cut, so the text is cut anew, by what it says: into lines, and into the few groups of lines that mean
 * something only together (text-blocks.ts). Each such unit is masked as a text of its own. A line that has not ended is held
 * back. A caller whose source is silent asks for it: by `pause`, which keeps back only what may be the beginning of a
 * credential, then by `settle`, which keeps nothing. What was given out stays in mind until its line ends, so that a password
 * is still found by the name before it.
 */
import { findCredentials, findTokens } from './detectors/find-credentials.ts';
import type { Span } from './detectors/span.ts';
import { heldFrom } from './held-tail.ts';
import { trailingStart } from './trailing.ts';
import type { Mask } from './mask.ts';
import { anywhere, findSecrets, maskWhole } from './mask-text.ts';
import { escape, escapesIn, plainText, withoutEscapes } from './terminal-escapes.ts';
import { opensBlock, type Block } from './text-blocks.ts';

/** One text in pieces. Each call returns what may be shown now; all of it, put together, is the masked text. */
export interface StreamMasker {
  push(text: string): string;
  /** Nothing came for a moment: a prompt has no newline, and is waited for. */
  pause(): string;
  /** Nothing came for long. */
  settle(): string;
  end(): string;
  /** True while something is kept back. */
  isHolding(): boolean;
  /**
   * From here on the text stands for bytes, one character each (U+0000 to U+00FF); what is held back becomes so too, by
   * `toBytes`. A mask is then as long as what it stands for, so that an archive stays one; and what is not text is searched
   * only for tokens by their format, so that a program stays one.
   */
  becomeBytes(toBytes: (text: string) => string): void;
}

/** A unit that is longer is masked in parts: held whole, it would be memory that a stranger decides on. */
export const longestUnit = 65_536;
/** Each line of a unit is looked at with those before it; no key and no manifest has as many of a few characters each. */
const mostLines = 4_096;
/** Of such a unit, what the next part is read with; no token by format is longer. */
const keptContext = 4_096;
/** Of a credential that goes on in the next part, what tells so. */
const keptBeginning = 128;
/** Files in a tar archive begin at multiples of this, behind a header that ends in NULs. */
const archiveBlock = 512;

/** Total and linear, whatever the text. Holds at most `longestUnit` characters. */
export function createStreamMasker(mask: Mask): StreamMasker {
  let unit = '';
  /** How much of `unit` has been given out, or stands masked. */
  let released = 0;
  /** Where the last mask that was given out ends: a credential that goes on there is swallowed. */
  let maskedTo = 0;
  let lineStart = 0;
  let lines = 0;
  let block: Block | undefined;
  let bytes = false;
  /** Of bytes: how many have passed, and whether they are a text's. */
  let offset = 0;
  let inText = true;

  const findIn = (text: string): readonly Span[] => {
    if (!bytes) return withoutEscapes(text, findSecrets);
    return inText && isPrintable(text) ? findCredentials(text) : findTokens(text);
  };
  const maskOf = (text: string): string =>
    bytes ? maskOfLength(text, mask) : maskWhole(plainText(text), mask) + escapesIn(text);

  /** Gives out up to `until`, or to the end of a credential that begins before it. */
  const release = (spans: readonly Span[], until: number): string => {
    let out = '';
    for (const { start, end } of spans) {
      if (end <= released || start >= until) continue;
      if (start >= released) out += unit.slice(released, start) + maskOf(unit.slice(start, end));
      else if (bytes || maskedTo < released) out += maskOf(unit.slice(released, end));
      released = maskedTo = end;
    }
    if (until > released) {
      out += unit.slice(released, until);
      released = until;
    }
    return out;
  };

  const close = (): string => {
    const content = withoutEnd(unit);
    const out = content.length < 8 && released === 0 ? unit : release(findIn(content), unit.length);
    if (bytes) {
      offset += unit.length;
      const afterNul = unit.endsWith('\0');
      if (afterNul || !isPrintable(content)) inText = afterNul && offset % archiveBlock === 0;
    }
    unit = '';
    released = maskedTo = lineStart = lines = 0;
    block = undefined;
    return out;
  };

  /** The last line of `unit` begins a unit of its own. */
  const closeBeforeLine = (): string => {
    const [line, ahead, masked] = [unit.slice(lineStart), released - lineStart, maskedTo - lineStart];
    unit = unit.slice(0, lineStart);
    released = Math.min(released, lineStart);
    maskedTo = Math.min(maskedTo, lineStart);
    const out = close();
    unit = line;
    released = Math.max(0, ahead);
    maskedTo = Math.max(0, masked);
    return out;
  };

  const endLine = (): string => {
    const line = withoutEnd(unit.slice(lineStart));
    const belongs = block?.(line);
    const out = belongs === 'none' ? closeBeforeLine() : '';
    if (belongs === undefined || belongs === 'none') block = opensBlock(line);
    else if (belongs === 'last') block = undefined;
    lineStart = unit.length;
    lines += 1;
    return block === undefined || lines === mostLines || unit.endsWith('\0') ? out + close() : out;
  };

  /** `unit` has grown to its limit: gives out most of it, and keeps what the rest is to be read with. */
  const cut = (): string => {
    const spans = findIn(unit);
    const last = spans.at(-1);
    const open = last !== undefined && last.end > unit.length - keptContext ? last : undefined;
    const out = release(spans, open === undefined ? unit.length - keptContext : open.start + 1);
    const from = unit.length - 2 * keptContext;
    const beginning =
      open === undefined || open.start >= from
        ? ''
        : unit.slice(Math.max(0, open.start - keptBeginning), Math.min(from, open.start + keptBeginning));
    const dropped = from - beginning.length;
    offset += dropped;
    unit = beginning + unit.slice(from);
    released -= dropped;
    maskedTo = Math.max(0, maskedTo - dropped);
    lineStart = Math.max(0, lineStart - dropped);
    return out;
  };

  return {
    push(text) {
      let out = '';
      let from = 0;
      while (from < text.length) {
        // A carriage return with a newline behind it is half of one end of line, wherever the text was cut.
        if (unit.endsWith('\r') && text[from] !== '\n') out += endLine();
        if (unit.length === longestUnit) out += cut();
        lineEnd.lastIndex = from;
        const found = lineEnd.exec(text);
        const ends = found === null ? text.length : found.index + found[0].length;
        const until = Math.min(ends, from + longestUnit - unit.length);
        unit += text.slice(from, until);
        from = until;
        if (found !== null && until === ends && found[0] !== '\r') out += endLine();
      }
      return out;
    },
    pause() {
      if (released >= unit.length) return '';
      // A shell's prompt is no part of the manifest that was printed before it.
      const line = unit.slice(lineStart);
      const isPrompt = block !== undefined && line !== '' && block(line) === 'none';
      const out = isPrompt ? closeBeforeLine() : '';
      if (block !== undefined) return out;
      const spans = findIn(unit);
      return out + release(spans, heldFrom(unit, spans, released));
    },
    settle: () => (released >= unit.length ? '' : release(findIn(unit), unit.length)),
    end: close,
    isHolding: () => released < unit.length,
    becomeBytes(toBytes) {
      const [given, masked, before] = [released, maskedTo, lineStart].map((at) => toBytes(unit.slice(0, at)).length);
      unit = toBytes(unit);
      released = given ?? 0;
      maskedTo = masked ?? 0;
      lineStart = before ?? 0;
      bytes = true;
    },
  };
}

/** A run of NULs is one: archives are full of them. */
const lineEnd = /\n|\r|\0+/g;

function withoutEnd(text: string): string {
  return text.slice(0, trailingStart(text, '\n\r\0'));
}

/** Control characters but those of a text: tab, line ends, escape; and 0x80 to 0x9f, which UTF-8 has in its characters. */
const notPrintable = new RegExp(`[^\\P{Cc}\\t\\n\\r${escape}\\u0080-\\u009f]`, 'u');

function isPrintable(text: string): boolean {
  return !notPrintable.test(text);
}

function maskOfLength(text: string, mask: Mask): string {
  const token = mask.ofText(anywhere, text);
  return token.length <= text.length ? token.padEnd(text.length, '*') : '*'.repeat(text.length);
}

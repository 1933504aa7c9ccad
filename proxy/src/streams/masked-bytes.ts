import { isUtf8 } from 'node:buffer';
import { createStreamMasker, type Mask } from '@holdpoint/core';

/** One stream of bytes, masked as it passes. Each call returns what may go on now. */
export interface MaskedBytes {
  push(bytes: Buffer): Buffer;
  /** The source is silent: for a moment, for long, for ever. See StreamMasker. */
  pause(): Buffer;
  settle(): Buffer;
  end(): Buffer;
  isHolding(): boolean;
}

/** A character has at most four bytes: fewer than that may be the beginning of one. */
const longestBeginning = 3;

/**
 * A stream is text until a NUL or a byte that is no UTF-8 says otherwise, and bytes from the very place of it: there a mask has
 * the length of what it stands for, so that `kubectl cp` still unpacks what `tar` packed.
 */
export function createMaskedBytes(mask: Mask): MaskedBytes {
  const masker = createStreamMasker(mask);
  let isText = true;
  /** The beginning of a character. */
  let beginning: Buffer = Buffer.alloc(0);
  const encode = (text: string): Buffer => Buffer.from(text, isText ? 'utf8' : 'latin1');

  const push = (bytes: Buffer): Buffer => {
    if (!isText) return encode(masker.push(bytes.toString('latin1')));
    const all = beginning.length === 0 ? bytes : Buffer.concat([beginning, bytes]);
    const text = textLength(all);
    const whole = wholeLength(all.subarray(0, text));
    const shown = encode(masker.push(all.toString('utf8', 0, whole)));
    beginning = all.subarray(whole);
    return text === all.length ? shown : Buffer.concat([shown, becomeBytes()]);
  };
  const becomeBytes = (): Buffer => {
    masker.becomeBytes((text) => Buffer.from(text, 'utf8').toString('latin1'));
    isText = false;
    const rest = beginning;
    beginning = Buffer.alloc(0);
    return push(rest);
  };

  return {
    push,
    pause: () => encode(masker.pause()),
    settle: () => encode(masker.settle()),
    end() {
      // A character that stays cut off is none.
      const rest = beginning.length > 0 ? becomeBytes() : undefined;
      const last = encode(masker.end());
      return rest === undefined ? last : Buffer.concat([rest, last]);
    },
    isHolding: masker.isHolding,
  };
}

/** How far the bytes are text, or the beginning of some. */
function textLength(bytes: Buffer): number {
  const nul = bytes.indexOf(0);
  const most = nul < 0 ? bytes.length : nul;
  if (isText(bytes, most)) return most;
  // Whatever begins with a text's beginning is one: halving finds the last of them.
  let [good, bad] = [0, most];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isText(bytes, middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function isText(bytes: Buffer, length: number): boolean {
  return isUtf8(bytes.subarray(0, wholeLength(bytes.subarray(0, length))));
}

/** Without the beginning of a character at the end. */
function wholeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(longestBeginning, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const wanted = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return back < wanted && byte < 0xf8 ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

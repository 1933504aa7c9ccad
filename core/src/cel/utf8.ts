/** UTF-8 without TextEncoder, which core does not have. */
export function toUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
  }
  return Uint8Array.from(bytes);
}

/** @throws Error where the bytes are no UTF-8: overlong forms and surrogates are none either */
export function fromUtf8(bytes: Uint8Array): string {
  const text = textOfUtf8(bytes);
  if (text === undefined) throw new Error('invalid UTF-8');
  return text;
}

/** The least code that a sequence of so many bytes may stand for: shorter ones are for the rest. */
const leastCodes = [0, 0, 0x80, 0x800, 0x10000];
/** As many as a call may have arguments wherever this runs. */
const unitsAtOnce = 8_192;

/** The text behind UTF-8; undefined where the bytes are none, overlong forms and surrogates included. */
export function textOfUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  let units: number[] = [];
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i] as number;
    if (units.length >= unitsAtOnce) {
      text += String.fromCharCode(...units);
      units = [];
    }
    if (first < 0x80) {
      units.push(first);
      i += 1;
      continue;
    }
    const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || i + length > bytes.length) return undefined;
    let code = first & (0xff >> (length + 1));
    for (let j = 1; j < length; j += 1) {
      const next = bytes[i + j] as number;
      if ((next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 0x3f);
    }
    if (code < (leastCodes[length] as number) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return undefined;
    }
    if (code < 0x10000) units.push(code);
    else units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
    i += length;
  }
  return text + String.fromCharCode(...units);
}

const digits = new Map(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((digit, value) => [
    digit.charCodeAt(0),
    value,
  ]),
);
digits.set('-'.charCodeAt(0), 62);
digits.set('_'.charCodeAt(0), 63);

/**
 * True for what begins as gzip does, in base64, or in base64 of base64: how Helm writes a release down, into a Secret or a
 * ConfigMap of whatever name and label. Nothing here can look into it, so it is a secret as a whole.
 */
export function isPackedPayload(text: string): boolean {
  // 1f 8b 08 is `H4sI`, and `H4sI` is `SDRzS`; zstd's 28 b5 2f fd is `KLUv/`; zlib and tar have no such mark.
  return text.length >= 64 && /^\s*(?:H4sI|SDRzS|KLUv\/|S0xVdi)/.test(text);
}

/** No character can belong to two of its parts: else a row of line breaks would be divided between them in every way there is. */
const base64Text = /^[A-Za-z0-9+/\r\n_-]{16,}(?:={1,2}\s*|[^\S\r\n]\s*)?$/;

/**
 * The text behind a value that is base64 as a whole, or undefined when it is none or stands for bytes. Line breaks and
 * tabs are text; so is UTF-8, each of whose bytes comes back as one character.
 */
export function decodedText(value: string): string | undefined {
  if (value.length < 16 || value.length > 4_194_304 || !base64Text.test(value)) return undefined;
  const parts: string[] = [];
  let codes: number[] = [];
  let held = 0;
  let bits = 0;
  let digitsSeen = 0;
  for (let at = 0; at < value.length; at += 1) {
    const digit = digits.get(value.charCodeAt(at));
    if (digit === undefined) continue; // A line break, or padding.
    digitsSeen += 1;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const code = (held >> bits) & 0xff;
    if (code < 0x20 && code !== 9 && code !== 10 && code !== 13) return undefined;
    codes.push(code);
    if (codes.length === 4_096) {
      parts.push(String.fromCharCode(...codes));
      codes = [];
    }
  }
  // One digit too many is no base64, but a word.
  return digitsSeen % 4 === 1 ? undefined : parts.join('') + String.fromCharCode(...codes);
}

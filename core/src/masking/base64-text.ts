import { textOfUtf8 } from '../cel/utf8.ts';

const none = 255;
/** What each character below 128 stands for. */
const digits = new Uint8Array(128).fill(none);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  digits[digit.charCodeAt(0)] = value;
}

/** The text behind base64, or undefined when it is no base64, or stands for bytes that are no UTF-8. */
export function textOfBase64(base64: string): string | undefined {
  const bytes = new Uint8Array(Math.floor((base64.length * 3) / 4));
  let length = 0;
  let held = 0;
  let bits = 0;
  for (let at = 0; at < base64.length; at += 1) {
    const code = base64.charCodeAt(at);
    if (code === 10 || code === 13 || code === 61) continue;
    const digit = digits[code] ?? none;
    if (digit === none) return undefined;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length] = (held >> bits) & 0xff;
    length += 1;
  }
  return textOfUtf8(bytes.subarray(0, length));
}

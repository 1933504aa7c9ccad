const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD, as in TextEncoder (which core, being pure, has not). */
export function utf8Bytes(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0xfffd;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return bytes;
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function base64OfBytes(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    text += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | ((b ?? 0) >> 4));
    text += b === undefined ? '=' : alphabet.charAt(((b & 15) << 2) | ((c ?? 0) >> 6));
    text += c === undefined ? '=' : alphabet.charAt(c & 63);
  }
  return text;
}

/** Every two digits, by the twelve bits they stand for: a Secret's list is thousands of short texts. */
const pairs: readonly string[] = Array.from(
  { length: 4_096 },
  (_, bits) => alphabet.charAt(bits >> 6) + alphabet.charAt(bits & 63),
);

/** Base64 of the text's UTF-8 bytes. */
export function base64OfText(text: string): string {
  const left = text.length % 3;
  const whole = text.length - left;
  let base64 = '';
  for (let at = 0; at < whole; at += 3) {
    const [a, b, c] = [text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2)];
    if ((a | b | c) > 127) return base64OfBytes(utf8Bytes(text));
    base64 += (pairs[(a << 4) | (b >> 4)] ?? '') + (pairs[((b & 15) << 8) | c] ?? '');
  }
  if (left === 0) return base64;
  const [a, b] = [text.charCodeAt(whole), left === 2 ? text.charCodeAt(whole + 1) : 0];
  if ((a | b) > 127) return base64 + base64OfBytes(utf8Bytes(text.slice(whole)));
  const first = pairs[(a << 4) | (b >> 4)] ?? '';
  return base64 + first + (left === 2 ? `${alphabet.charAt((b & 15) << 2)}=` : '==');
}

/** How many bytes a base64 text stands for, without decoding it. Line breaks are skipped, as Go's decoder does. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  // As nearly every value is written: in one line, padded at its end alone.
  if (!/[\r\n]/.test(base64) && base64.indexOf('=') === (padding === 0 ? -1 : base64.length - padding)) {
    return Math.floor(((base64.length - padding) * 3) / 4);
  }
  let digits = 0;
  for (let at = 0; at < base64.length; at += 1) {
    const code = base64.charCodeAt(at);
    if (code !== 10 && code !== 13 && code !== 61) digits += 1;
  }
  return Math.floor((digits * 3) / 4);
}

/** The text behind an ASCII base64 value, or undefined when it is not base64 of printable ASCII. */
export function asciiOfBase64(base64: string): string | undefined {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const character of base64.replace(/[\r\n]/g, '').replace(/=+$/, '')) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const code = (held >> bits) & 0xff;
    if (code < 0x20 || code > 0x7e) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

/** The bytes that base64 stands for, standard or URL-safe; whatever is no digit is skipped. */
export function bytesOfBase64(base64: string): number[] {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (let at = 0; at < base64.length; at += 1) {
    const digit = digitOf(base64.charCodeAt(at));
    if (digit < 0) continue;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return bytes;
}

function digitOf(code: number): number {
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43 || code === 45) return 62;
  return code === 47 || code === 95 ? 63 : -1;
}

import { namespaceType, type CelLibrary } from '../library.ts';
import type { Meter } from '../meter.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const letters = [18, 12, 6, 0].map((shift) => alphabet[(bits >> shift) & 63]).join('');
    const missing = Math.max(0, i + 3 - bytes.length);
    parts.push(missing === 0 ? letters : letters.slice(0, 4 - missing) + '='.repeat(missing));
  }
  return parts.join('');
}

/** With its padding or without. @throws Error where it is no base64 */
export function decodeBase64(text: string): Uint8Array {
  const letters = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(letters) || letters.length % 4 === 1) throw new Error('invalid base64');
  if (letters.length !== text.length && text.length % 4 !== 0) throw new Error('invalid base64');
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let [bits, count, at] = [0, 0, 0];
  for (const letter of letters) {
    bits = ((bits << 6) | alphabet.indexOf(letter)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at] = (bits >> count) & 0xff;
      at += 1;
    }
  }
  return bytes;
}

/** cel-go's encoders extension. */
export function base64(meter: Meter): CelLibrary {
  const type = namespaceType('base64');
  return {
    namespaces: ['base64'],
    functions: [
      {
        signature: `${type}.encode(bytes): string`,
        run: (_base64: unknown, bytes: Uint8Array) => {
          meter.spendString(Math.ceil(bytes.length / 3) * 4);
          return encodeBase64(bytes);
        },
      },
      { signature: `${type}.decode(string): bytes`, run: (_base64: unknown, text: string) => decodeBase64(text) },
    ],
  };
}

import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares without telling by its time how much was right. An empty secret is nobody's. */
export function isSameSecret(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return wanted !== '' && timingSafeEqual(hash(given), hash(wanted));
}

/** Crockford's base 32: no letter that is read as another, so that a name can be said aloud. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * The name of the `attempt`th hold for a digest: `h-7k3m-9qpx`, then `h-7k3m-9qpx-2`. Derived, not drawn, so that replicas
 * racing to create one meet on the same object. 40 bits: names of different digests may meet,
 * and the caller goes on to the next attempt when the hold it finds is about another digest.
 *
 * @param digest as digestOf gives it
 * @param attempt from 1
 */
export function holdNameOf(digest: string, attempt: number): string {
  let bits = BigInt(`0x${digest.slice(digest.indexOf(':') + 1).slice(0, 10)}`);
  let text = '';
  for (let i = 0; i < 8; i += 1) {
    text = `${alphabet[Number(bits & 31n)] ?? ''}${text}`;
    bits >>= 5n;
  }
  const name = `h-${text.slice(0, 4)}-${text.slice(4)}`;
  return attempt === 1 ? name : `${name}-${String(attempt)}`;
}

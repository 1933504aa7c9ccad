import { createHmac, hash } from 'node:crypto';

/** SHA-256's, in bytes. */
const blockBytes = 64;
const hashBytes = 32;
/** Longer than nearly every value of a Secret; what is longer costs its own hash far more than what is saved here. */
const longestText = 4_096;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const roomBytes = longestText * 3;

/**
 * HMAC-SHA256 of texts in UTF-8 under one key, in lower-case hex. As RFC 2104 writes it, by two hashes: a list of Secrets has
 * thousands of short values, and making and ending an Hmac object for each costs more than hashing it.
 */
export function createTextHmac(key: Uint8Array): (text: string) => string {
  const padded = Buffer.alloc(blockBytes);
  padded.set(key.length > blockBytes ? hash('sha256', key, 'buffer') : key);
  // Slow: not from the pool that other buffers are cut out of.
  const inner = Buffer.allocUnsafeSlow(blockBytes + roomBytes);
  const outer = Buffer.allocUnsafeSlow(blockBytes + hashBytes);
  for (const [at, byte] of padded.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (text) => {
    if (text.length > longestText) return createHmac('sha256', key).update(text).digest('hex');
    const end = blockBytes + inner.write(text, blockBytes);
    outer.write(hash('sha256', inner.subarray(0, end), 'hex'), blockBytes, 'hex');
    return hash('sha256', outer, 'hex');
  };
}

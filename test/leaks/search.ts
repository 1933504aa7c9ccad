import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { foundIn, formsOf, type Canaries } from '../src/canaries.ts';
import type { Heard } from '../src/wire.ts';

/** The first and the last of every value planted here: one scan for these spares most answers the search for each. */
const marks = ['Cnry', 'Ynrc'] as const;

/**
 * Plants a value that looks drawn at random, of characters that neither JSON nor a URL escapes: its escaped forms are the
 * plain one.
 *
 * @param mark what a scanner knows the kind of credential by: `ghp_`
 * @param length of what comes after the mark
 */
export function plantValue(canaries: Canaries, place: string, mark = '', length = 32): string {
  const digest = createHash('sha256').update(place).digest('base64url').replace(/[-_]/g, '7');
  const value = `${mark}${marks[0]}${digest.slice(0, length - 8)}${marks[1]}`;
  canaries.plantAs(place, value);
  return value;
}

/** The places whose values lie in what was heard, in whatever form and under whatever packing. */
export function leaksIn(heard: Pick<Heard, 'head' | 'encoding' | 'bytes'>, canaries: Canaries): string[] {
  const layers = [Buffer.from(heard.head), ...unpacked(decoded(heard.encoding, heard.bytes))];
  return [...new Set(layers.flatMap((layer) => leaksInLayer(layer, canaries)))];
}

function leaksInLayer(layer: Buffer, canaries: Canaries): string[] {
  const signed = signedToken.test(layer.toString('latin1')) ? ['a signed token'] : [];
  if (!markForms.some((form) => layer.includes(form))) return signed;
  const whole = placesFound(layer, canaries.planted);
  return [...signed, ...(whole.length > 0 ? whole : placesFound(layer, endsOf(canaries.planted)))];
}

/** What stands around a value is left out: in a failure's report it is noise, and of protobuf unreadable. */
function placesFound(layer: Buffer, planted: Canaries['planted']): string[] {
  return foundIn(layer, planted).map((found) => found.slice(0, found.indexOf(': …')));
}

/** Cut off, a value is still half of one. */
function endsOf(planted: Canaries['planted']): ReadonlyMap<string, string> {
  return new Map(
    [...planted].flatMap(([place, value]) => [
      [`the beginning of ${place}`, value.slice(0, endLength)],
      [`the end of ${place}`, value.slice(-endLength)],
    ]),
  );
}

/** Short enough to notice what is cut off, long enough to be in nothing else. */
const endLength = 14;

/** Of base64 in base64, the first three characters make four, whatever follows. */
const markForms = marks.flatMap((mark) => [
  ...formsOf(mark).filter((form) => form.length >= mark.length && !form.endsWith('=')),
  Buffer.from(Buffer.from(mark).toString('base64').slice(0, 3)).toString('base64'),
]);

/** Made by the cluster on request, so that nobody can know it beforehand. Nothing harmless looks like it. */
const signedToken = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;

/** The first is what came; then what it holds that is compressed, also in base64, also in base64 of that: a Helm release. */
function unpacked(bytes: Buffer): Buffer[] {
  const layers = [bytes];
  const text = bytes.toString('latin1');
  for (const [run] of text.matchAll(/(?:SDRzS|H4sI|eJ[wy-z0-9])[A-Za-z0-9+/=]{24,}/g)) {
    const once = Buffer.from(run, 'base64');
    for (const packed of [once, Buffer.from(once.toString('latin1'), 'base64')]) {
      const plain = attempt(() => (packed[0] === 0x1f ? gunzipSync(packed) : inflateSync(packed)));
      if (plain !== undefined) layers.push(plain);
    }
  }
  const gzip = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8]));
  if (gzip >= 0) layers.push(attempt(() => gunzipSync(bytes.subarray(gzip))) ?? Buffer.alloc(0));
  return layers;
}

/** The body as whoever asked for this encoding reads it; as it came when it is in none that is known. */
export function decoded(encoding: string, bytes: Buffer): Buffer {
  const decoders: Record<string, (packed: Buffer) => Buffer> = {
    gzip: gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
  };
  return attempt(() => decoders[encoding]?.(bytes)) ?? bytes;
}

function attempt(decode: () => Buffer | undefined): Buffer | undefined {
  try {
    return decode();
  } catch {
    return undefined; // No such format, or cut off: then it is searched as it stands.
  }
}

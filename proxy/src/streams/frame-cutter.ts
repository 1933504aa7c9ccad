/** A frame as it passed by: `raw` is all of it. */
export interface CutFrame {
  raw: Buffer;
}

/**
 * Cuts a stream of bytes into frames, complete ones only: of a frame that has not arrived whole nothing may be forwarded yet.
 * What has not arrived whole is kept, so `readFrame` refuses a length beyond reason.
 *
 * @param readFrame the first frame in the bytes, or how many bytes are needed to tell more
 */
export function createFrameCutter<Frame extends CutFrame>(
  readFrame: (bytes: Buffer) => Frame | number,
): (chunk: Buffer) => Frame[] {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 0;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    // A large frame comes in many pieces: joined once, when it is whole.
    if (size < wanted) return [];
    let pending = chunks.length === 1 ? chunk : Buffer.concat(chunks, size);
    const frames: Frame[] = [];
    for (;;) {
      const frame = readFrame(pending);
      if (typeof frame === 'number') {
        wanted = frame;
        break;
      }
      frames.push(frame);
      pending = pending.subarray(frame.raw.length);
    }
    chunks = pending.length === 0 ? [] : [pending];
    size = pending.length;
    return frames;
  };
}

import type { RecordingStart, TerminalFrame } from './asciicast.ts';
import type { Recorder } from './recorder.ts';

/** One terminal session on its way to the recorder. */
export interface Recording {
  /** Resolves when the frames are safe. Rejects, now and ever after, once a batch could not be kept. */
  add(frames: TerminalFrame[]): Promise<void>;
  /** Sends what is left and the end. Never rejects: the session is over either way; resolves false when it was not kept. */
  end(): Promise<boolean>;
}

/**
 * Opens a recording: resolves once the recorder has acknowledged it, and rejects when it does not. Batches go one after
 * the other, in order; frames that come meanwhile go together with the next one, so a slow recorder makes larger batches
 * and not a longer queue.
 *
 * @param now RFC 3339
 */
export async function openRecording(recorder: Recorder, start: RecordingStart, now: () => string): Promise<Recording> {
  await recorder.store({ ...start, sequence: 0, frames: [] });
  let sequence = 0;
  let waiting: TerminalFrame[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  const flushAfter = async (previous: Promise<void>): Promise<void> => {
    await previous;
    const frames = waiting;
    waiting = [];
    next = undefined;
    sequence += 1;
    await recorder.store({ ...start, sequence, frames });
  };
  const add = (frames: TerminalFrame[]): Promise<void> => {
    if (frames.length === 0) return last;
    waiting.push(...frames);
    if (next === undefined) {
      next = last = flushAfter(last);
      next.catch(() => undefined); // Whoever adds hears of it, through the promise they were given.
    }
    return next;
  };
  return {
    add,
    async end() {
      try {
        await last;
        await recorder.store({ ...start, sequence: sequence + 1, frames: [], endedAt: now() });
        return true;
      } catch {
        return false;
      }
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { PostToSink } from '../sink/sink-client.ts';
import type { RecordingBatch } from './asciicast.ts';

/** Where recordings are kept. */
export interface Recorder {
  /** Resolves when the batch is safe. Rejects with ERR_STORE_UNAVAILABLE after a few tries. */
  store(batch: RecordingBatch): Promise<void>;
}

/** Together about three seconds: a sink that restarts is back by then, and a terminal may stand still for so long. */
const retryDelaysMs = [100, 300, 800, 1_800];

export function createRecorder(post: PostToSink): Recorder {
  const postOnce = async (body: Buffer): Promise<void> => {
    const code = await post(body);
    if (code !== 200) throw new Error(`the recorder answered ${String(code)}`);
  };
  return {
    async store(batch) {
      const body = Buffer.from(JSON.stringify({ recordings: [batch] }));
      for (let tries = 0; ; tries += 1) {
        try {
          await postOnce(body);
          return;
        } catch (cause) {
          const wait = retryDelaysMs[tries];
          if (wait === undefined) {
            throw new HoldpointError('ERR_STORE_UNAVAILABLE', `a recording cannot be kept: ${messageOf(cause)}`, {
              cause,
            });
          }
          await delay(wait);
        }
      }
    },
  };
}

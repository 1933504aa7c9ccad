import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldpointError, messageOf } from '@holdpoint/core';
import type { RecordingBatch } from './asciicast.ts';

/** Where recordings are kept. */
export interface Recorder {
  /** Resolves when the batch is safe. Rejects with ERR_STORE_UNAVAILABLE after a few tries. */
  store(batch: RecordingBatch): Promise<void>;
}

export interface RecorderOptions {
  url: string;
  /** PEM file; empty: the system's authorities. */
  caFile: string;
  /** Read for every batch: tokens rotate. Empty: none is sent. */
  tokenFile: string;
}

/** Together about three seconds: a sink that restarts is back by then, and a terminal may stand still for so long. */
const retryDelaysMs = [100, 300, 800, 1_800];
const answerTimeoutMs = 10_000;

export function createRecorder(options: RecorderOptions): Recorder {
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const agent = secure
    ? new Agent({
        keepAlive: true,
        timeout: 60_000,
        ...(options.caFile === '' ? {} : { ca: readFileSync(options.caFile) }),
      })
    : undefined;

  const post = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': String(body.length),
        ...(options.tokenFile === ''
          ? {}
          : { authorization: `Bearer ${readFileSync(options.tokenFile, 'utf8').trim()}` }),
      };
      const send = secure ? httpsRequest : httpRequest;
      const outgoing = send(url, { method: 'POST', headers, ...(agent === undefined ? {} : { agent }) }, (answer) => {
        answer.resume();
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`the recorder answered ${String(answer.statusCode)}`));
        });
      });
      outgoing.setTimeout(answerTimeoutMs, () => outgoing.destroy(new Error('the recorder does not answer')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  return {
    async store(batch) {
      const body = Buffer.from(JSON.stringify({ recordings: [batch] }));
      for (let tries = 0; ; tries += 1) {
        try {
          await post(body);
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

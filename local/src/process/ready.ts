import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldpointError } from '@holdpoint/core';
import { tailOf, type Child } from './child.ts';

const pollMs = 50;
const requestTimeoutMs = 2_000;

export interface ReadyProbe {
  url: string;
  /** PEM; for https. */
  ca?: string;
  timeoutMs: number;
}

/** True when the URL answers 200 now. */
export function answersOk(url: string, ca?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { agent: false, timeout: requestTimeoutMs, ...(ca === undefined ? {} : { ca }) };
    const sent = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
    sent.end();
  });
}

/**
 * Waits until the URL answers 200.
 *
 * @throws HoldpointError ERR_STACK_FAILED with the end of its log when the process ends, or is not ready in time
 */
export async function untilReady(child: Child, probe: ReadyProbe): Promise<void> {
  const deadline = Date.now() + probe.timeoutMs;
  while (!(await answersOk(probe.url, probe.ca))) {
    const late = Date.now() > deadline;
    if (child.hasEnded() || late) {
      const what = late ? `is not ready after ${String(probe.timeoutMs / 1_000)} s` : 'ended while starting';
      throw new HoldpointError('ERR_STACK_FAILED', `${child.name} ${what}; its log ends:\n${tailOf(child.logFile)}`);
    }
    await sleep(pollMs);
  }
}

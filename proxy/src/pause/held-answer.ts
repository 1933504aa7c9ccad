import type { IncomingMessage } from 'node:http';
import { holdCauseReason, isFailureStatus, type Status } from '@holdpoint/core';
import { readBody } from '@holdpoint/platform';

/** An answer of the API server's. `body`: where it had to be read already. */
export interface Answer {
  answer: IncomingMessage;
  body?: Buffer;
}

/** The webhook's 429: a hold stands between the request and its effect. */
export interface HeldAnswer {
  hold: string;
  status: Status;
}

/** A Status is small; what is larger is not one of ours. */
const maxStatusBytes = 1_048_576;

/** Tells a hold from the API server's own 429 ("too many requests"), which is the client's to deal with. */
export async function readHeldAnswer(answer: IncomingMessage): Promise<HeldAnswer | Answer> {
  const body = await readBody(answer, maxStatusBytes);
  const status = parseStatus(body);
  const hold = status?.details?.causes?.find((cause) => cause.reason === holdCauseReason)?.message;
  return status === undefined || hold === undefined ? { answer, body } : { hold, status };
}

function parseStatus(body: Buffer): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return isFailureStatus(parsed) ? parsed : undefined;
  } catch {
    return undefined; // Not JSON, so not the webhook's: passed on like any other answer.
  }
}

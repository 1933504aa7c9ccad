import { HoldpointError, messageOf } from '@holdpoint/core';
import { KubeApiError } from '@holdpoint/platform';
import { toPrintable } from './table.ts';

/** 0 done; 1 refused or failed; 2 wrong usage, or input that cannot be read. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Something that was to be checked could not be: the answer is neither yes nor no, and has the code of broken input. */
export class CheckFailed extends Error {
  constructor(cause: unknown) {
    super(`could not check: ${messageOf(cause)}`, { cause });
  }
}

/** What is told of an error, in kubectl's own form where the API server said no, and the exit code that goes with it. */
export function failureOf(error: unknown): { text: string; code: number } {
  if (error instanceof KubeApiError) {
    const reason = error.status?.reason ?? reasons[error.code] ?? String(error.code);
    return {
      text: `Error from server (${toPrintable(reason)}): ${toPrintable(error.message)}`,
      code: exitCodes.failed,
    };
  }
  // A message of ours may have several lines; each is printed as one.
  const lines = messageOf(error).split('\n').map(toPrintable).join('\n');
  if (error instanceof HoldpointError && error.code === 'ERR_UPSTREAM_UNAVAILABLE' && error.cause !== undefined) {
    return { text: `Unable to connect to the server: ${lines}`, code: exitCodes.failed };
  }
  const isUsage =
    error instanceof CheckFailed || (error instanceof HoldpointError && error.code === 'ERR_CONFIG_INVALID');
  return { text: `Error: ${lines}`, code: isUsage ? exitCodes.usage : exitCodes.failed };
}

/** Where the answer carries no Status of its own. Source: apimachinery api/errors, NewGenericServerResponse. */
const reasons: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  429: 'TooManyRequests',
};

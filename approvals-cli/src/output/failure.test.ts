import { expect, test } from '@jest/globals';
import { HoldpointError } from '@holdpoint/core';
import { KubeApiError } from '@holdpoint/platform';
import { failureOf } from './failure.ts';

const status = { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 } as const;

test.each([
  {
    situation: 'the API server said no: in kubectl’s form, on one line',
    error: new KubeApiError(403, { ...status, message: 'no\n\u001b[2Jhold approved' } as never, undefined),
    want: { text: 'Error from server (Forbidden): no\ufffd\ufffd[2Jhold approved', code: 1 },
  },
  {
    situation: 'it said no without a Status: by its code',
    error: new KubeApiError(401, undefined, undefined),
    want: { text: 'Error from server (Unauthorized): the API server answered 401', code: 1 },
  },
  {
    situation: 'nobody answers',
    error: new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'h:1: refused', { cause: new Error('refused') }),
    want: { text: 'Unable to connect to the server: h:1: refused', code: 1 },
  },
  {
    situation: 'wrong usage: its own code',
    error: new HoldpointError('ERR_CONFIG_INVALID', '--since x: no'),
    want: { text: 'Error: --since x: no', code: 2 },
  },
  {
    situation: 'not found',
    error: new HoldpointError('ERR_HOLD_NOT_FOUND', 'hold "h" not found.'),
    want: { text: 'Error: hold "h" not found.', code: 1 },
  },
])('$situation', ({ error, want }) => {
  expect(failureOf(error)).toEqual(want);
});

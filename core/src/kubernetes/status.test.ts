import { describe, expect, test } from '@jest/globals';
import { failureStatus, isFailureStatus } from './status.ts';

describe('failureStatus', () => {
  test.each([
    { code: 400, wantReason: 'BadRequest' },
    { code: 401, wantReason: 'Unauthorized' },
    { code: 403, wantReason: 'Forbidden' },
    { code: 404, wantReason: 'NotFound' },
    { code: 409, wantReason: 'Conflict' },
    { code: 422, wantReason: 'Invalid' },
    { code: 429, wantReason: 'TooManyRequests' },
    { code: 500, wantReason: 'InternalError' },
    { code: 503, wantReason: 'ServiceUnavailable' },
    { code: 418, wantReason: 'Unknown' },
  ])('$code: $wantReason', ({ code, wantReason }) => {
    expect(failureStatus(code, 'm')).toStrictEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'm',
      reason: wantReason,
      code,
    });
  });
});

describe('isFailureStatus', () => {
  test.each([
    { situation: 'one of ours', value: failureStatus(403, 'm'), want: true },
    { situation: 'a success', value: { kind: 'Status', status: 'Success', message: 'm' }, want: false },
    { situation: 'no message', value: { kind: 'Status', status: 'Failure' }, want: false },
    { situation: 'another kind', value: { kind: 'Pod', status: 'Failure', message: 'm' }, want: false },
    { situation: 'null', value: null, want: false },
    { situation: 'text', value: 'Failure', want: false },
  ])('$situation: $want', ({ value, want }) => {
    expect(isFailureStatus(value)).toBe(want);
  });
});

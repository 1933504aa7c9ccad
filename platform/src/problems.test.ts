import { expect, test } from '@jest/globals';
import { HoldpointError } from '@holdpoint/core';
import { problemsOf } from './problems.ts';

test('problemsOf: all of them, in order, those of promises too', async () => {
  expect(
    await problemsOf([
      () => {
        throw new HoldpointError('ERR_CONFIG_INVALID', 'the key');
      },
      () => undefined,
      () => Promise.reject(new Error('refused')),
    ]),
  ).toEqual(['ERR_CONFIG_INVALID: the key', 'refused']);
});

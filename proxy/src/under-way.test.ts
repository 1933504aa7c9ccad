import { expect, test } from '@jest/globals';
import { createUnderWay } from './under-way.ts';

test('what is over is not waited for, and what is not ends the wait when it is', async () => {
  const underWay = createUnderWay();
  let finish = (): void => undefined;
  underWay.add(Promise.resolve());
  underWay.add(new Promise<void>((resolve) => (finish = resolve)));
  let settled = false;
  const wait = underWay.settled(60_000).then(() => (settled = true));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  finish();
  await wait;
});

test('what never ends is waited for no longer than is said', async () => {
  const underWay = createUnderWay();
  underWay.add(new Promise(() => undefined));
  await underWay.settled(1);
});

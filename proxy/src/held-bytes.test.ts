import { expect, test } from '@jest/globals';
import { createHeldBytes } from './held-bytes.ts';

test('a user past its room waits for itself, and others do not wait for it', () => {
  const held = createHeldBytes(100);
  const [first, second] = [held.open('greedy'), held.open('greedy')];
  expect(first.hold(90)).toBe(undefined);
  expect(second.hold(20)).toBeInstanceOf(Promise);
  expect(held.open('other').hold(90)).toBe(undefined);
});

test('closed twice, a share is given back once: what others hold still counts', () => {
  const held = createHeldBytes(100);
  const [first, second] = [held.open('a'), held.open('a')];
  void second.hold(90);
  first.close();
  first.close();
  expect(held.open('a').hold(20)).toBeInstanceOf(Promise);
});

test('waits end when there is room again', async () => {
  const held = createHeldBytes(100);
  const [first, second] = [held.open('a'), held.open('a')];
  void first.hold(90);
  const waiting = second.hold(20);
  first.close();
  await expect(waiting).resolves.toBe(undefined);
});

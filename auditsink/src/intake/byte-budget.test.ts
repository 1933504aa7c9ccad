import { expect, test } from '@jest/globals';
import { createByteBudget } from './byte-budget.ts';

/** True when it has resolved by now. */
async function isFree(held: Promise<void>): Promise<boolean> {
  let free = false;
  void held.then(() => (free = true));
  await new Promise((resolve) => setImmediate(resolve));
  return free;
}

test('within the budget nobody waits', async () => {
  const budget = createByteBudget(100);
  const [a, b] = [budget.open(), budget.open()];
  expect(await isFree(a.hold(50))).toBe(true);
  expect(await isFree(b.hold(50))).toBe(true);
});

test('past it all wait but the oldest, until it lets go of something', async () => {
  const budget = createByteBudget(100);
  const [a, b, c] = [budget.open(), budget.open(), budget.open()];
  await a.hold(60);
  const second = b.hold(60);
  const third = c.hold(10);
  expect(await isFree(second)).toBe(false);
  expect(await isFree(third)).toBe(false);
  expect(await isFree(a.hold(90))).toBe(true);
  expect(await isFree(a.hold(20))).toBe(true);
  expect(await isFree(second)).toBe(true);
  expect(await isFree(third)).toBe(true);
});

test('when the oldest goes, the next is the oldest', async () => {
  const budget = createByteBudget(100);
  const [a, b] = [budget.open(), budget.open()];
  await a.hold(50);
  const second = b.hold(200);
  expect(await isFree(second)).toBe(false);
  a.close();
  expect(await isFree(second)).toBe(true);
});

test('one alone may hold more than the budget', async () => {
  expect(await isFree(createByteBudget(100).open().hold(1_000))).toBe(true);
});

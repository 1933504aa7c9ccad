import { expect, test } from '@jest/globals';
import { createByteBudget } from './byte-budget.ts';

/** True when it has resolved by now. */
async function isFree(held: Promise<void> | undefined): Promise<boolean> {
  let free = false;
  void Promise.resolve(held).then(() => (free = true));
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

test('who has let go of everything is not the oldest any more: it may be idle for hours', async () => {
  const budget = createByteBudget(100);
  const [idle, a, b] = [budget.open(), budget.open(), budget.open()];
  await idle.hold(50);
  await idle.hold(0);
  await a.hold(60);
  expect(await isFree(b.hold(60))).toBe(false);
  expect(await isFree(a.hold(90))).toBe(true);
});

test('within the budget there is nothing to wait for, not even a turn of the loop', () => {
  expect(createByteBudget(100).open().hold(100)).toBe(undefined);
});

test('one alone may hold more than the budget', async () => {
  expect(await isFree(createByteBudget(100).open().hold(1_000))).toBe(true);
});

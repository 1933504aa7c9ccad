import { expect, test } from '@jest/globals';
import { createTurnstile } from './turnstile.ts';

const forever = new AbortController().signal;

/** Something to pass through, that ends when it is told to. */
function createPassage() {
  const ends: (() => void)[] = [];
  let begun = 0;
  const pass = (): Promise<void> =>
    new Promise((resolve) => {
      begun += 1;
      ends.push(resolve);
    });
  return { pass, begun: () => begun, endNext: () => ends.shift()?.() };
}

test('lets so many through at a time, and the next as one has passed', async () => {
  const { pass, begun, endNext } = createPassage();
  const turnstile = createTurnstile(2);
  const all = [1, 2, 3].map(() => turnstile.run(pass, forever));
  await new Promise(setImmediate);
  expect(begun()).toBe(2);
  endNext();
  await new Promise(setImmediate);
  expect(begun()).toBe(3);
  endNext();
  endNext();
  await Promise.all(all);
});

test('one that fails lets the next through', async () => {
  const turnstile = createTurnstile(1);
  const failing = turnstile.run(() => Promise.reject(new Error('failed')), forever);
  const next = turnstile.run(async () => 'passed', forever);
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('passed');
});

test('who goes away while in line is not let through, and keeps nobody', async () => {
  const { pass, begun, endNext } = createPassage();
  const turnstile = createTurnstile(1);
  const gone = new AbortController();
  const first = turnstile.run(pass, forever);
  const second = turnstile.run(pass, gone.signal);
  const third = turnstile.run(pass, forever);
  await new Promise(setImmediate);
  gone.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  endNext();
  await first;
  await new Promise(setImmediate);
  expect(begun()).toBe(2);
  endNext();
  await third;
});

import { describe, expect, test } from '@jest/globals';
import { createSlots } from './slots.ts';

describe('createSlots', () => {
  const never = new AbortController().signal;

  test('who comes when all are taken waits, in order', async () => {
    const slots = createSlots({ size: 1, maxWaiting: 5, maxWaitMs: 60_000 });
    const first = await slots.take(never);
    const order: string[] = [];
    const second = slots.take(never).then((release) => (order.push('second'), release));
    const third = slots.take(never).then((release) => (order.push('third'), release));
    first?.();
    // Giving back twice frees one slot.
    first?.();
    (await second)?.();
    (await third)?.();
    expect(order).toEqual(['second', 'third']);
    expect(await slots.take(never)).toBeInstanceOf(Function);
  });

  test('too many who wait: the next is sent away at once', async () => {
    const slots = createSlots({ size: 1, maxWaiting: 1, maxWaitMs: 60_000 });
    const first = await slots.take(never);
    const second = slots.take(never);
    expect(await slots.take(never)).toBeUndefined();
    first?.();
    expect(await second).toBeInstanceOf(Function);
  });

  test('who has waited too long is sent away, and takes nobody’s place', async () => {
    const slots = createSlots({ size: 1, maxWaiting: 5, maxWaitMs: 1 });
    const first = await slots.take(never);
    expect(await slots.take(never)).toBeUndefined();
    first?.();
    expect(await slots.take(never)).toBeInstanceOf(Function);
  });

  test.each([{ situation: 'while waiting' }, { situation: 'before' }])(
    'a client that goes $situation',
    async ({ situation }) => {
      const slots = createSlots({ size: 1, maxWaiting: 5, maxWaitMs: 60_000 });
      const first = await slots.take(never);
      const client = new AbortController();
      if (situation === 'before') client.abort();
      const waiting = slots.take(client.signal);
      client.abort();
      expect(await waiting).toBeUndefined();
      first?.();
      expect(await slots.take(never)).toBeInstanceOf(Function);
    },
  );
});

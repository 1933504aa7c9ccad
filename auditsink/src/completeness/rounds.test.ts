import { describe, expect, test } from '@jest/globals';
import { startRounds } from './rounds.ts';

describe('startRounds', () => {
  test('the first begins at once, and stopping waits for it, but not for the next', async () => {
    let begun = 0;
    let ended = 0;
    let finish = (): void => undefined;
    const rounds = startRounds(3_600_000, async () => {
      begun += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      ended += 1;
    });
    expect(begun).toBe(1);
    const stopped = rounds.stop();
    finish();
    await stopped;
    expect([begun, ended]).toEqual([1, 1]);
  });

  test('one follows the other', async () => {
    let atOnce = 0;
    const most: number[] = [];
    let enough = (): void => undefined;
    const thrice = new Promise<void>((resolve) => (enough = resolve));
    const rounds = startRounds(1, async () => {
      atOnce += 1;
      most.push(atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce -= 1;
      if (most.length === 3) enough();
    });
    await thrice;
    await rounds.stop();
    expect(Math.max(...most)).toBe(1);
  });
});

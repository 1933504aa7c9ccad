import { expect, test } from '@jest/globals';
import { timed } from './timed.ts';

test.each([
  { situation: 'answers', call: async (word: string) => `${word}!`, want: 'hello!', told: [['ok', 7]] },
  {
    situation: 'fails',
    call: async (_word: string): Promise<string> => Promise.reject(new Error('down')),
    ...{ want: 'down', told: [['failed', 7]] },
  },
])('a call that $situation: as it is, and told with what it took', async ({ call, want, told }) => {
  const heard: unknown[] = [];
  let now = 0;
  const same = timed(
    call,
    () => (now += 7),
    (result, tookMs) => heard.push([result, tookMs]),
  );
  expect(await same('hello').catch((error: Error) => error.message)).toBe(want);
  expect(heard).toEqual(told);
});

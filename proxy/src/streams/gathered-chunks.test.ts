import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { gatheredChunks } from './gathered-chunks.ts';

const mebibyte = Buffer.alloc(1_048_576, 'x');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a side that says more than is kept is behind, until it has been read to its silence', async () => {
  const source = new PassThrough({ highWaterMark: 64 * mebibyte.length });
  const backlog = { isBehind: false };
  const chunks = gatheredChunks(source, backlog);
  source.write(mebibyte);
  await chunks.next();
  expect(backlog.isBehind).toBe(false);
  for (let i = 0; i < 9; i += 1) source.write(mebibyte);
  await turn();
  expect(backlog.isBehind).toBe(true);
  for (let i = 0; i < 9; i += 1) await chunks.next();
  // There may be more where it comes from.
  expect(backlog.isBehind).toBe(true);
  const next = chunks.next();
  while (backlog.isBehind) await new Promise((resolve) => setTimeout(resolve, 5));
  source.end('last');
  expect(await next).toEqual({ done: false, value: Buffer.from('last') });
  expect(await chunks.next()).toEqual({ done: true, value: undefined });
});

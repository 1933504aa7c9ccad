import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { readBody } from './body.ts';

const message = (chunks: Iterable<Buffer> | AsyncIterable<Buffer>): IncomingMessage =>
  Readable.from(chunks, { objectMode: false }) as IncomingMessage;
const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

describe('readBody', () => {
  test.each([
    { situation: 'no body: empty', chunks: [], want: '' },
    { situation: 'in pieces: one', chunks: bytes('ab', '', 'c'), want: 'abc' },
    { situation: 'of exactly the limit: whole', chunks: bytes('12345', '67890'), want: '1234567890' },
  ])('$situation', async ({ chunks, want }) => {
    expect((await readBody(message(chunks), 10)).toString()).toBe(want);
  });

  test.each([
    { situation: 'one byte more', chunks: bytes('1234567890', '1') },
    { situation: 'one large piece', chunks: bytes('x'.repeat(1_000)) },
  ])('$situation: refused', async ({ chunks }) => {
    await expect(readBody(message(chunks), 10)).rejects.toMatchObject({
      code: 'ERR_BODY_TOO_LARGE',
      message: 'the body is larger than 10 bytes',
      details: { maxBytes: 10 },
    });
  });

  test('a body without end: refused after the first piece too much, and no more is taken', async () => {
    let taken = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        taken += 1;
        yield Buffer.alloc(1_024);
      }
    }
    const body = message(endless());
    await expect(readBody(body, 10_000)).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
    expect(body.destroyed).toBe(true);
    // 10 pieces pass the limit; a stream reads some ahead (64 KiB).
    expect(taken).toBeLessThan(100);
  });

  test('the other side goes away: its own error', async () => {
    const gone = new Error('aborted');
    const body = message(bytes('a'));
    const read = readBody(body, 10);
    body.destroy(gone);
    await expect(read).rejects.toBe(gone);
  });
});

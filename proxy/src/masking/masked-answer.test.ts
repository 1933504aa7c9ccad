import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import { maskAnswer, maskLines } from './masked-answer.ts';

const mask = createMask(() => 'a'.repeat(64));
const as = { kind: 'Secret', namespace: 'prod' };
const event = (name: string, value: string): string =>
  JSON.stringify({
    type: 'ADDED',
    object: { kind: 'Secret', apiVersion: 'v1', metadata: { name }, data: { k: value } },
  });
const token = (length: number): string =>
  Buffer.from(`holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`).toString('base64');

function answerOf(
  chunks: (string | Buffer)[],
  headers: Record<string, string> = { 'content-type': 'application/json' },
): IncomingMessage {
  return Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), {
    headers,
  }) as unknown as IncomingMessage;
}

async function collect(lines: AsyncIterable<Buffer>): Promise<string[]> {
  const got: string[] = [];
  for await (const line of lines) got.push(line.toString());
  return got;
}

test.each([
  ['line by line', [`${event('a', 'aGk=')}\n`, `${event('b', 'aGk=')}\n`]],
  ['both in one chunk', [`${event('a', 'aGk=')}\n${event('b', 'aGk=')}\n`]],
  ['one byte at a time', [...`${event('a', 'aGk=')}\n${event('b', 'aGk=')}\n`]],
  ['with empty lines between', [`${event('a', 'aGk=')}\n\n\r\n${event('b', 'aGk=')}\n`]],
])('masks watch events that come %s', async (_situation, chunks) => {
  expect(await collect(maskLines(answerOf(chunks), mask, as))).toEqual([
    `${event('a', token(2))}\n`,
    `${event('b', token(2))}\n`,
  ]);
});

test('masks a last event without a line break, and refuses half of one', async () => {
  expect(await collect(maskLines(answerOf([event('a', 'aGk=')]), mask, as))).toEqual([event('a', token(2))]);
  await expect(collect(maskLines(answerOf([event('a', 'aGk=').slice(0, 40)]), mask, as))).rejects.toThrow(
    'is not JSON',
  );
});

test.each([
  ['protobuf', { 'content-type': 'application/vnd.kubernetes.protobuf' }],
  ['no content type', {}],
  ['a type that only begins like JSON', { 'content-type': 'application/json-seq' }],
  ['gzip, unasked', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
])('passes on nothing of %s', async (_situation, headers) => {
  await expect(maskAnswer(answerOf(['{}'], headers), mask, as)).rejects.toThrow('it cannot be masked');
  expect(() => maskLines(answerOf(['{}'], headers), mask, as)).toThrow('it cannot be masked');
});

test('does not quote what it cannot read', async () => {
  await expect(maskAnswer(answerOf(['{"data": hunter2']), mask, as)).rejects.toThrow(
    'the answer is not JSON, so it cannot be masked and is not passed on',
  );
});

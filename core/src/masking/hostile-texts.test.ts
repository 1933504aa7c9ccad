import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createMask } from './mask.ts';
import { maskItem } from './mask-answer.ts';
import { createStreamMasker } from './mask-stream.ts';
import { maskText } from './mask-text.ts';
import { maskUri } from './mask-uri.ts';

const mask = () => createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const how = { detectors: 'all', fields: [] } as const;

/**
 * Whoever may write a text has it read by the proxy, the webhook and the audit sink, each of which does one thing at a time. A mebibyte,
 * as much as etcd holds, must cost what its length costs: where it costs the square, none of these ends before a test is given up.
 */
const length = 1_048_576;
const long = (before: string, row: string, after: string): string => before + row.repeat(length / row.length) + after;

test.each<[string, string]>([
  ['line breaks', long('a', '\n', '\0')],
  ['carriage returns', long('a', '\r', '\0')],
  ['spaces behind a name', long('password: ', ' ', 'x')],
  ['tabs behind a name', long('secret:', '\t', '')],
  ['closing brackets behind a name', long('password=', '}', 'x')],
  ['closing brackets behind a part of a connection string', long('AccountKey=', '}', 'x')],
  ['full stops behind a name', long('password: ', '.', 'x')],
  ['names', long('', 'password: ', '')],
  ['beginnings of keys', long('', '-----BEGIN PRIVATE KEY-----\n', '')],
  ['beginnings of URLs', long('', 'a://b:c', '')],
  ['quotes', long('password="', '\\"', '')],
  ['signs of equality', long('key', '=', 'x')],
  ['one word', long('token ', 'a', '')],
])('%s, a mebibyte of them', (_situation, text) => {
  expect(() => maskText(text, mask())).not.toThrow();
  expect(() => maskItem({ kind: 'ConfigMap', data: { 'app.conf': text } }, mask(), how)).not.toThrow();
  expect(() => maskUri(`/api/v1/namespaces?command=${text}`, mask())).not.toThrow();
});

test('beginnings of objects in a failure’s message', () => {
  const status = { kind: 'Status', status: 'Failure', message: long('unknown field ', '{"', ''), code: 400 };
  expect(maskItem(status, mask(), how)).toMatchObject({ kind: 'Status', code: 400 });
});

test.each<[string, string]>([
  ['line breaks', '\n'],
  ['carriage returns', '\r'],
  ['NULs', '\0'],
  ['line breaks within what began as a key', '-----BEGIN PRIVATE KEY-----\n\n\n\n'],
  ['escapes', '\u001b[0m'],
])('%s in a terminal, a mebibyte of them', (_situation, row) => {
  const masker = createStreamMasker(mask());
  const text = long('-----BEGIN PRIVATE KEY-----\n', row, 'x');
  const shown = masker.push(text) + masker.end();
  expect(shown.length).toBeGreaterThan(0);
});

import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../kubernetes/object.ts';
import { asciiOfBase64, base64OfBytes, base64OfText, decodedLength } from './base64.ts';
import { maskObject } from './mask-object.ts';
import { containsMaskToken, createMask, isMaskedData, isMaskToken } from './mask.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const place = { namespace: 'prod', name: 'db', key: 'password' };

test('a token tells the length of the value and nothing else', () => {
  expect(mask.ofText(place, 'hunter2')).toMatch(/^holdpoint-mask:v1:[0-9a-f]{32}:7$/);
  expect(mask.ofText(place, 'größe')).toMatch(/:7$/);
  expect(asciiOfBase64(mask.ofData(place, base64OfText('hunter2')))).toBe(mask.ofText(place, 'hunter2'));
});

test.each([
  ['another value', place, 'hunter3'],
  ['another key', { ...place, key: 'p' }, 'hunter2'],
  ['another name', { ...place, name: 'd' }, 'hunter2'],
  ['another namespace', { ...place, namespace: 'dev' }, 'hunter2'],
  ['parts cut elsewhere', { namespace: 'prod","db', name: '', key: 'password' }, 'hunter2'],
])('%s has another token', (_situation, where, value) => {
  expect(mask.ofText(where, value)).not.toBe(mask.ofText(place, 'hunter2'));
});

test.each([
  ['plain', (token: string) => `x${token}y`, true],
  ['inside JSON', (token: string) => JSON.stringify({ a: { b: token } }), true],
  ['in base64', (token: string) => Buffer.from(token).toString('base64'), true],
  ['in base64, one byte in', (token: string) => Buffer.from(`"${token}"`).toString('base64'), true],
  ['in base64, two bytes in', (token: string) => Buffer.from(`a=${token}`).toString('base64'), true],
  [
    'in base64 broken into lines',
    (token: string) =>
      Buffer.from(`ab${token}`)
        .toString('base64')
        .replace(/(.{10})/g, '$1\n'),
    true,
  ],
  [
    'in such base64 inside JSON',
    (token: string) =>
      JSON.stringify(
        Buffer.from(token)
          .toString('base64')
          .replace(/(.{10})/g, '$1\n'),
      ),
    true,
  ],
  ['cut off', () => 'holdpoint-mask', false],
  ['nothing of the kind', () => 'hello', false],
])('finds a token: %s', (_situation, dress, want) => {
  expect(containsMaskToken(dress(mask.ofText(place, 'hunter2')))).toBe(want);
});

test('a token is its own token', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const token = mask.ofText(place, value);
      const data = mask.ofData(place, base64OfText(value));
      expect([isMaskToken(token), mask.ofText(place, token)]).toEqual([true, token]);
      expect([isMaskedData(data), mask.ofData(place, data)]).toEqual([true, data]);
    }),
  );
});

test('base64 is as Buffer makes it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(base64OfBytes([...bytes])).toBe(text);
      expect(decodedLength(text)).toBe(bytes.length);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(base64OfText(text)).toBe(Buffer.from(text, 'utf8').toString('base64'));
    }),
  );
});

/** Values that stand out, so that finding one in the output is no coincidence. */
const value = fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme-ascii' }).map((text) => `~${text}~`);
const secret = fc
  .record({
    name: fc.string(),
    values: fc.dictionary(fc.string(), value, { minKeys: 1, maxKeys: 4 }),
    plain: fc.boolean(),
  })
  .map(({ name, values, plain }) => {
    const data = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, base64OfText(text)]));
    const body = { apiVersion: 'v1', kind: 'Secret', ...(plain ? { stringData: values } : { data }) };
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ ...body, metadata: { name } }),
    };
    return { values: Object.values(values), object: { ...body, metadata: { name, annotations } } as JsonValue };
  });
const wraps: ((object: JsonValue) => JsonValue)[] = [
  (object) => object,
  (object) => ({ kind: 'List', items: [object] }),
  (object) => ({ kind: 'SecretList', items: [object] }),
  (object) => ({ kind: 'Table', rows: [{ object }] }),
  (object) => ({ type: 'ADDED', object }),
  (object) => ({ type: 'ADDED', object: { kind: 'Table', rows: [{ object }] } }),
];

test('no byte of a value is left in what is masked, whatever it came in', () => {
  fc.assert(
    fc.property(secret, fc.constantFrom(...wraps), ({ values, object }, wrap) => {
      const output = JSON.stringify(maskObject(wrap(object), mask));
      for (const text of values) {
        const quoted = JSON.stringify(text).slice(1, -1);
        for (const form of [text, quoted, base64OfText(text)]) expect(output.includes(form)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

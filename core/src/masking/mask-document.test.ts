import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '../kubernetes/object.ts';
import { base64OfText } from './base64.ts';
import { maskDocument } from './mask-document.ts';
import { createMask } from './mask.ts';
import { anywhere } from './mask-text.ts';

const mask = createMask((text) => {
  let hash = 7n;
  for (const character of text) hash = (hash * 1_000_003n + BigInt(character.codePointAt(0) ?? 0)) % (1n << 128n);
  return hash.toString(16).padStart(32, '0');
});
const value = 'q7Rk2vLx9TzWm4Hs8Yd1';
const token = mask.ofText(anywhere, value);

describe('what is masked, and what stays', () => {
  test.each<{ situation: string; given: JsonValue; want: JsonValue }>([
    {
      situation: 'an environment variable with a secret’s name',
      given: {
        env: [
          { name: 'DB_PASSWORD', value },
          { name: 'LEVEL', value: 'debug' },
        ],
      },
      want: {
        env: [
          { name: 'DB_PASSWORD', value: token },
          { name: 'LEVEL', value: 'debug' },
        ],
      },
    },
    {
      situation: 'a text in binaryData: base64 still',
      given: { binaryData: { 'app.env': base64OfText(`DB_PASSWORD=${value}\nA=b\n`), logo: 'iVBORw0KGgo=' } },
      want: { binaryData: { 'app.env': base64OfText(`DB_PASSWORD=${token}\nA=b\n`), logo: 'iVBORw0KGgo=' } },
    },
    {
      situation: 'what is packed in binaryData: base64 still',
      given: { binaryData: { copy: `H4sI${'A'.repeat(80)}` } },
      want: { binaryData: { copy: base64OfText(mask.ofText(anywhere, `H4sI${'A'.repeat(80)}`)) } },
    },
    {
      situation: 'a reference to a Secret',
      given: { env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] },
      want: { env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] },
    },
    {
      situation: 'a flag, and the word behind it',
      given: { args: ['--password', value, `--token=${value}`, '--level', 'debug'] },
      want: { args: ['--password', token, `--token=${token}`, '--level', 'debug'] },
    },
    {
      situation: 'a flag whose program is in another field',
      given: { command: ['redis-cli'], args: ['-a', value] },
      want: { command: ['redis-cli'], args: ['-a', token] },
    },
    {
      situation: 'a Secret of any depth, bound to its place',
      given: { spec: { objects: [{ kind: 'Secret', metadata: { name: 'a' }, data: { k: base64OfText(value) } }] } },
      want: {
        spec: {
          objects: [
            {
              kind: 'Secret',
              metadata: { name: 'a' },
              data: { k: mask.ofData({ namespace: '', name: 'a', key: 'k' }, base64OfText(value)) },
            },
          ],
        },
      },
    },
    {
      situation: 'JSON within a text',
      given: { data: { 'a.json': JSON.stringify({ password: value, user: 'a' }) } },
      want: { data: { 'a.json': JSON.stringify({ password: token, user: 'a' }) } },
    },
    {
      situation: 'JSON within a text that holds nothing, spaces and all',
      given: { data: { 'a.json': '{ "user" :  "a" }\n' } },
      want: { data: { 'a.json': '{ "user" :  "a" }\n' } },
    },
    {
      situation: 'a number for a password',
      given: { password: 12345678 },
      want: { password: mask.ofText(anywhere, '12345678') },
    },
    {
      situation: 'a schema of a password',
      given: { password: { type: 'string' } },
      want: { password: { type: 'string' } },
    },
    {
      situation: 'what names a Secret, or describes one',
      given: {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'db', uid: 'u' }],
        details: { name: 'db', kind: 'Secret', causes: [{ field: 'data' }] },
        stringData: { type: 'object', additionalProperties: { type: 'string' } },
      },
      want: {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'db', uid: 'u' }],
        details: { name: 'db', kind: 'Secret', causes: [{ field: 'data' }] },
        stringData: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    {
      situation: 'a cell below a column with a secret’s name',
      given: {
        kind: 'Table',
        columnDefinitions: [{ name: 'Name' }, { name: 'Password' }],
        rows: [{ cells: ['a', value] }],
      },
      want: {
        kind: 'Table',
        columnDefinitions: [{ name: 'Name' }, { name: 'Password' }],
        rows: [{ cells: ['a', token] }],
      },
    },
    {
      situation: 'an operation of a JSON patch, by the end of its path',
      given: [
        { op: 'add', path: '/data/DB_PASSWORD', value },
        { op: 'add', path: '/data/level', value: 'debug' },
      ],
      want: [
        { op: 'add', path: '/data/DB_PASSWORD', value: token },
        { op: 'add', path: '/data/level', value: 'debug' },
      ],
    },
  ])('$situation', ({ given, want }) => {
    const before = JSON.stringify(given);
    const masked = maskDocument(given, mask);
    expect(masked).toEqual(want);
    expect(JSON.stringify(given)).toBe(before);
    expect(maskDocument(masked, mask)).toEqual(want);
  });
});

const harmlessKey = fc.constantFrom(
  'name',
  'image',
  'replicas',
  'labels',
  'spec',
  'uid',
  'resourceVersion',
  'path',
  'secretName',
  'key',
  'message',
  'app.kubernetes.io/name',
  'f:spec',
  'ports',
  'conditions',
);
const harmlessText = fc.oneof(
  fc.uuid(),
  fc.constantFrom(
    'web-7d9c5b8f6d-x7k2p',
    'debug',
    'registry.example/shop/web:1.0',
    'Scaled up replica set web from 0 to 3',
    '2026-05-04T10:11:12Z',
    '',
    '10.0.0.1/32',
    '500m',
    'kubectl apply -f x.yaml',
    'https://x.example/a?b=c',
  ),
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 40, maxLength: 64 })
    .map((digits) => `sha256:${digits.join('')}`),
  fc
    .array(fc.constantFrom('the', 'pod', 'is', 'not', 'ready', 'secret', 'token', 'yet', 'on', 'node-1'), {
      maxLength: 12,
    })
    // A line of two words, of which the first is a secret's name, is one of a configuration file.
    .map((words) => ['so', ...words].join(' ')),
);
const harmless = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    harmlessText,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(harmlessKey, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test('what holds no credential comes back as it is, the same reference', () => {
  fc.assert(
    fc.property(harmless, (given) => {
      expect(maskDocument(given, mask)).toBe(given);
    }),
  );
});

test('a secret is found at any depth, in any neighbourhood, and costs its neighbours nothing', () => {
  const wrap = fc.array(
    fc.constantFrom<(inner: JsonValue) => JsonValue>(
      (inner) => [inner],
      (inner) => ({ spec: inner }),
      (inner) => ({ a: 1, template: inner }),
      (inner) => JSON.stringify(inner),
    ),
    { maxLength: 6 },
  );
  const plant = fc.constantFrom<JsonValue>(
    { password: value },
    { kind: 'Secret', data: { k: base64OfText(value) }, stringData: { l: value } },
    { name: 'API_TOKEN', value },
    { args: ['--password', value] },
    { url: `https://u:${value}@x` },
    { text: `a\npassword: ${value}\n` },
  );
  fc.assert(
    fc.property(harmless, wrap, plant, (neighbour, wraps, planted) => {
      const inner: JsonValue = { neighbour, planted };
      const masked = JSON.stringify(
        maskDocument(
          wraps.reduce<JsonValue>((within, each) => each(within), inner),
          mask,
        ),
      );
      expect(masked).not.toContain(value);
      expect(masked).not.toContain(base64OfText(value).slice(0, 24));
      expect(maskDocument({ neighbour, planted }, mask)).toMatchObject({ neighbour });
    }),
  );
});

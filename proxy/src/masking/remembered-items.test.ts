import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createMask, withMaskedItems, type AnswerMasking, type JsonValue, type Mask } from '@holdpoint/core';
import fc from 'fast-check';
import type { MaskedValues } from '../transcript/exchange.ts';
import { notingMask } from '../transcript/noting.ts';
import { createDocumentMasker } from './masked-document.ts';
import type { IncludeObject } from './table-objects.ts';

const bare = createMask((text) => createHash('sha256').update(text).digest('hex'));
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('binary');
const remembering = (mostBytes: number): Mask => withMaskedItems(bare, sha256, mostBytes);
const canary = 'cAnArY-0123456789-value';
const canaryData = Buffer.from(canary).toString('base64');

interface Asked {
  how: AnswerMasking;
  include?: IncludeObject;
}

function masked(mask: Mask, bytes: Buffer, { how, include }: Asked, splits: readonly number[] = []): string {
  const masker = createDocumentMasker(mask, how, include);
  const cuts = [...new Set(splits.map((split) => split % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const chunks = [...cuts, bytes.length].map((cut, at) => bytes.subarray(cuts[at - 1] ?? 0, cut));
  return Buffer.concat([...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()]).toString();
}

/** What is shown, and what the transcript is told of it. */
function told(mask: Mask, bytes: Buffer, asked: Asked, splits: readonly number[]): unknown {
  const counted: MaskedValues = { values: 0, places: new Set() };
  const shown = masked(notingMask(mask, { masked: counted }), bytes, asked, splits);
  return { shown, values: counted.values, places: [...counted.places] };
}

const ofSecrets: AnswerMasking = { assumed: { kind: 'Secret', namespace: 'a' }, detectors: 'all', fields: [] };
const detected: AnswerMasking = { detectors: 'all', fields: [] };

const name = fc.constantFrom('s', 't', 'é😀', '__proto__', 'items', 'a"b');
const secret = fc.record({ name, value: fc.oneof(fc.constant(canary), fc.string()) }).map(({ name, value }) => ({
  metadata: { name, namespace: 'a', annotations: { note: `is ${value}` } },
  data: { k: Buffer.from(value).toString('base64'), [name]: canaryData },
}));
const widget = fc.record({
  kind: fc.constant('Widget'),
  metadata: fc.record({ name }),
  spec: fc.jsonValue(),
  password: fc.constantFrom(canary, ''),
});
const item = fc.oneof(secret, widget) as fc.Arbitrary<JsonValue>;
const list = fc.record({ kind: fc.constant('SecretList'), items: fc.array(item, { maxLength: 4 }) });
const table = fc.record({
  kind: fc.constant('Table'),
  columnDefinitions: fc.constantFrom([{ name: 'Name' }, { name: 'Password' }], [{ name: 'Name' }, { name: 'Age' }]),
  rows: fc.array(fc.record({ cells: fc.tuple(name, fc.constant(canary)), object: item }), { maxLength: 4 }),
});

describe('with a memory of items an answer is the same as without', () => {
  test.each<[string, number]>([
    ['a large one', 1_048_576],
    ['one that forgets all the time', 2_048],
  ])('%s', (_situation, mostBytes) => {
    const mask = remembering(mostBytes);
    const answer = fc.oneof(list, table) as unknown as fc.Arbitrary<JsonValue>;
    const asked = fc.record({
      how: fc.constantFrom(ofSecrets, detected),
      include: fc.constantFrom<IncludeObject>('asAsked', 'Metadata', 'None'),
    });
    const splits = fc.array(fc.nat(), { maxLength: 8 });
    const indent = fc.constantFrom(undefined, 4);
    fc.assert(
      fc.property(answer, asked, splits, splits, indent, (value, how, at, atAgain, indent) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
        const want = told(bare, bytes, how, []);
        expect([told(mask, bytes, how, at), told(mask, bytes, how, atAgain)]).toEqual([want, want]);
      }),
      { numRuns: 300 },
    );
  });
});

/** Without a kind of its own, as items of lists are. */
const object = {
  metadata: { name: 's', namespace: 'a' },
  spec: { pin: 'zebra-crossing', code: 'wallpaper', password: canary },
  data: { 'k.yaml': `password: ${canary}` },
};
const items = Buffer.from(JSON.stringify({ kind: 'WidgetList', items: [object] }));
const rowsUnder = (column: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: column }],
      rows: [{ cells: ['s', 'blue-harbour-lamp'], object }],
    }),
  );
const field = (name: string): AnswerMasking['fields'] => [
  [
    { step: 'field', name: 'spec' },
    { step: 'field', name },
  ],
];

/** The same object, asked for in ways that show different things of it. */
const ways: readonly (readonly [string, Buffer, Asked])[] = [
  ['by detectors', items, { how: detected }],
  ['by Helm’s payloads alone', items, { how: { detectors: 'packed', fields: [] } }],
  ['as Secrets', items, { how: ofSecrets }],
  ['as Secrets, a field beside', items, { how: { ...ofSecrets, fields: field('pin') } }],
  ['as Secrets, without detectors', items, { how: { ...ofSecrets, detectors: 'none' } }],
  ['by a field', items, { how: { detectors: 'none', fields: field('pin') } }],
  ['by another field', items, { how: { detectors: 'none', fields: field('code') } }],
  ['by detectors and a field', items, { how: { detectors: 'all', fields: field('pin') } }],
  ['in a Table', rowsUnder('Colour'), { how: detected }],
  ['in a Table, another column', rowsUnder('Password'), { how: detected }],
  ['in a Table, by a field', rowsUnder('Colour'), { how: { ...detected, fields: field('pin') } }],
  ['in a Table, metadata alone', rowsUnder('Colour'), { how: detected, include: 'Metadata' }],
  ['in a Table, without objects', rowsUnder('Colour'), { how: detected, include: 'None' }],
  ['in a Table, as Secrets', rowsUnder('Colour'), { how: ofSecrets }],
];

test('what was masked in one way never serves another', () => {
  for (const [, bytes, asked] of ways) {
    const mask = remembering(1_048_576);
    masked(mask, bytes, asked);
    for (const [other, otherBytes, otherAsked] of ways) {
      expect([other, masked(mask, otherBytes, otherAsked)]).toEqual([other, masked(bare, otherBytes, otherAsked)]);
    }
  }
});

test('a policy that changes back and forth shows what it says each time', () => {
  const mask = remembering(1_048_576);
  const [loose, strict]: AnswerMasking[] = [
    { detectors: 'packed', fields: [] },
    { detectors: 'packed', fields: field('pin') },
  ];
  const shown = [loose, strict, loose, strict].map((how) => masked(mask, items, { how: how ?? detected }));
  expect(shown.map((each) => each.includes('zebra-crossing'))).toEqual([true, false, true, false]);
});

test.each(ways)('what is remembered %s has no more than what is shown', (_situation, bytes, asked) => {
  const remembered: (string | undefined)[] = [];
  const mask: Mask = {
    ...bare,
    items: {
      under: () => ({
        masked(_item, within, maskNow) {
          const shown = maskNow(within);
          remembered.push(shown);
          return shown;
        },
      }),
    },
  };
  const shown = masked(mask, bytes, asked);
  expect(remembered).toHaveLength(1);
  for (const each of remembered) expect(shown).toContain(each ?? JSON.stringify(object));
});

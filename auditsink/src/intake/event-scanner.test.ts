import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEventScanner } from './event-scanner.ts';
import type { ScannedItem } from './scanned-item.ts';

const maxItemBytes = 200;
const list = (items: readonly string[]): string =>
  `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`;

/** Items as text; what is oversize as its fields. And how it ended. */
function scan(pieces: readonly Buffer[]): { items: unknown[]; error?: string } {
  const scanner = createEventScanner(maxItemBytes);
  const items: unknown[] = [];
  const shown = (item: ScannedItem): unknown => (item.type === 'Whole' ? item.bytes.toString('utf8') : item);
  try {
    for (const piece of pieces) for (const item of scanner.scan(piece)) items.push(shown(item));
    scanner.finish();
    return { items };
  } catch (error) {
    return { items, error: (error as Error).message };
  }
}
const inOnePiece = (text: string) => scan([Buffer.from(text)]);
const byteByByte = (text: string) => scan([...Buffer.from(text)].map((byte) => Buffer.from([byte])));

describe('items are cut out of a list', () => {
  test.each([
    { situation: 'none', text: list([]), want: [] },
    { situation: 'one', text: list(['{"a":1}']), want: ['{"a":1}'] },
    {
      situation: 'scalars, which are no events',
      text: list(['1', '"x"', 'null', '-1e5']),
      want: ['1', '"x"', 'null', '-1e5'],
    },
    { situation: 'lists', text: list(['[]', '[[1],{}]']), want: ['[]', '[[1],{}]'] },
    {
      situation: 'brackets, quotes and backslashes in strings',
      text: list(['{"a":"}]\\"\\\\"}', '"\\\\"', '"]"']),
      want: ['{"a":"}]\\"\\\\"}', '"\\\\"', '"]"'],
    },
    { situation: 'other scripts', text: list(['"äß漢😀"', '"\u2028"']), want: ['"äß漢😀"', '"\u2028"'] },
    {
      situation: 'items before the rest',
      text: '{"items":[1,2],"apiVersion":"audit.k8s.io/v1","kind":"EventList"}',
      want: ['1', '2'],
    },
    {
      situation: 'items twice, and both count',
      text: '{"items":[1],"kind":"EventList","items":[2],"apiVersion":"audit.k8s.io/v1"}',
      want: ['1', '2'],
    },
    { situation: 'items by an escaped name', text: list([]).replace('"items":[]', '"\\u0069tems":[7]'), want: ['7'] },
    {
      situation: 'white space everywhere',
      text: ' {\n"kind" :\t"EventList" ,"apiVersion": "audit.k8s.io/v1"\r\n, "items" : [ 1 , {"a" : 2} , "x" ] } \n',
      want: ['1', '{"a" : 2}', '"x"'],
    },
    {
      situation: 'items within metadata, which are none',
      text: list([]).replace('"metadata":{}', '"metadata":{"items":[1]}'),
      want: [],
    },
    {
      situation: 'an item that is no JSON, and its neighbours',
      text: list(['1', '{"a":tru}', '{"b"}', 'nul', '2']),
      want: ['1', '{"a":tru}', '{"b"}', 'nul', '2'],
    },
    { situation: 'a name called __proto__', text: list(['1']).replace('metadata', '__proto__'), want: ['1'] },
    {
      situation: 'a long member that says nothing',
      text: list(['1']).replace('{}', `"${'x'.repeat(70_000)}"`),
      want: ['1'],
    },
  ])('$situation', ({ text, want }) => {
    expect(inOnePiece(text)).toEqual({ items: want });
    expect(byteByByte(text)).toEqual({ items: want });
  });
});

describe('what is no list is refused, naming where; what was whole before is kept', () => {
  const cut = list(['1', '{"a":2}', '{"b":"x"}']);
  test.each([
    { situation: 'nothing', text: '', wantItems: [], want: 'byte 0 of the body: it ends before its JSON does' },
    { situation: 'white space', text: '  ', wantItems: [], want: 'byte 2 of the body: it ends before its JSON does' },
    { situation: 'a list', text: '[1]', wantItems: [], want: 'byte 0 of the body: expected an object' },
    { situation: 'a text', text: '"x"', wantItems: [], want: 'byte 0 of the body: expected an object' },
    { situation: 'an empty object', text: '{}', wantItems: [], want: 'kind: expected "EventList", got nothing' },
    {
      situation: 'another kind, before a single item',
      text: list(['1']).replace('EventList', 'PodList'),
      wantItems: [],
      want: 'kind: expected "EventList", got string',
    },
    {
      situation: 'two kinds',
      text: list(['1']).replace('"metadata":{}', '"kind":"PodList"'),
      wantItems: [],
      want: 'kind: expected "EventList", got string',
    },
    {
      situation: 'a kind that is told afterwards, and is another',
      text: '{"items":[1],"kind":"PodList"}',
      wantItems: ['1'],
      want: 'kind: expected "EventList", got string',
    },
    {
      situation: 'an old version',
      text: list([]).replace('/v1', '/v1beta1'),
      wantItems: [],
      want: 'apiVersion: expected "audit.k8s.io/v1", got string',
    },
    {
      situation: 'no version',
      text: '{"kind":"EventList","items":[]}',
      wantItems: [],
      want: 'apiVersion: expected "audit.k8s.io/v1", got nothing',
    },
    {
      situation: 'no items',
      text: '{"kind":"EventList","apiVersion":"audit.k8s.io/v1"}',
      wantItems: [],
      want: 'items: expected a list, got nothing',
    },
    {
      situation: 'items that are null',
      text: list([]).replace('[]', 'null'),
      wantItems: [],
      want: 'items: expected a list, got null',
    },
    {
      situation: 'items that are an object',
      text: list([]).replace('[]', '{}'),
      wantItems: [],
      want: 'items: expected a list, got object',
    },
    {
      situation: 'cut off between two items',
      text: cut.slice(0, cut.indexOf(',{"b"') + 1),
      wantItems: ['1', '{"a":2}'],
      want: `byte ${String(cut.indexOf(',{"b"') + 1)} of the body: it ends before its JSON does`,
    },
    {
      situation: 'cut off within a string',
      text: cut.slice(0, cut.indexOf('x')),
      wantItems: ['1', '{"a":2}'],
      want: `byte ${String(cut.indexOf('x'))} of the body: it ends before its JSON does`,
    },
    {
      situation: 'another text between two items',
      text: list(['"a";"b"']),
      wantItems: ['"a"'],
      want: 'byte 77 of the body: expected "," or "]"',
    },
    {
      situation: 'no comma',
      text: list(['"a" "b"']),
      wantItems: ['"a"'],
      want: 'byte 78 of the body: expected "," or "]"',
    },
    {
      situation: 'a comma too many',
      text: list(['1', '']),
      wantItems: ['1'],
      want: 'byte 76 of the body: expected an item',
    },
    {
      situation: 'something behind it',
      text: `${list([])}{}`,
      wantItems: [],
      want: 'byte 76 of the body: expected nothing more',
    },
    {
      situation: 'a member that is no JSON',
      text: '{"a":tru}',
      wantItems: [],
      want: 'the body: expected JSON, got string',
    },
    {
      situation: 'a name without quotes',
      text: '{a:1}',
      wantItems: [],
      want: 'byte 1 of the body: expected a name or "}"',
    },
    {
      situation: 'a name that is too long',
      text: `{"${'x'.repeat(2_000)}":1}`,
      wantItems: [],
      want: 'byte 2003 of the body: expected a shorter name',
    },
  ])('$situation', ({ text, wantItems, want }) => {
    expect(inOnePiece(text)).toEqual({ items: wantItems, error: want });
    expect(byteByByte(text)).toEqual({ items: wantItems, error: want });
  });
});

describe('an item larger than may be held goes past, and leaves its hash and its small fields', () => {
  const big = (size: number): string =>
    `{"auditID":"a","requestObject":{"x":"${'y'.repeat(size)}"},"stage":"s","n":null}`;
  const stubOf = (text: string, fields: object) => ({
    type: 'Oversize',
    length: Buffer.byteLength(text),
    contentHash: createHash('sha256').update(text).digest('hex'),
    fields,
  });
  test.each([
    { situation: 'fields around a body', text: big(2_000_000), wantFields: { auditID: 'a', stage: 's', n: null } },
    {
      situation: 'all of it small',
      text: big(300),
      wantFields: { auditID: 'a', requestObject: { x: 'y'.repeat(300) }, stage: 's', n: null },
    },
    {
      situation: 'a field twice: the last counts, as to JSON.parse',
      text: big(300).replace('"n":null', '"auditID":"b"'),
      wantFields: { auditID: 'b', requestObject: { x: 'y'.repeat(300) }, stage: 's' },
    },
    { situation: 'no object', text: `"${'x'.repeat(500)}"`, wantFields: {} },
    {
      situation: 'no JSON from somewhere on',
      text: `{"auditID":"a",,"stage":"${'x'.repeat(300)}"}`,
      wantFields: { auditID: 'a' },
    },
    {
      situation: 'too many fields',
      text: `{"auditID":"a",${Array.from({ length: 60_000 }, (_, i) => `"f${String(i)}":1`).join(',')}}`,
      wantFields: expect.objectContaining({ auditID: 'a', f0: 1 }),
    },
  ])('$situation', ({ text, wantFields }) => {
    const want = { items: ['1', stubOf(text, wantFields), '2'] };
    expect(inOnePiece(list(['1', text, '2']))).toEqual(want);
    const bytes = Buffer.from(list(['1', text, '2']));
    const halves = [bytes.subarray(0, 150), bytes.subarray(150, 250), bytes.subarray(250)];
    expect(scan(halves)).toEqual(want);
  });

  test('whatever its length, no more is held than an item and its fields', () => {
    const scanner = createEventScanner(maxItemBytes);
    let most = 0;
    const feed = (piece: string): void => {
      expect([...scanner.scan(Buffer.from(piece))].length).toBeLessThanOrEqual(1);
      most = Math.max(most, scanner.heldBytes());
    };
    feed('{"items":[{"auditID":"a","requestObject":"');
    for (let i = 0; i < 2_000; i += 1) feed('x'.repeat(16_384));
    feed('"}');
    expect(most).toBeLessThan(2 * 1024 * 1024 + maxItemBytes);
  });
});

describe('whatever the pieces that it comes in', () => {
  const json = fc.jsonValue({ depthSize: 'medium', stringUnit: 'binary' }).map((value) => JSON.stringify(value));
  const broken = fc.constantFrom('{"a":tru}', '{"b"}', '"\\x"', `"${'z'.repeat(300)}"`, '{"x":[{"y":"\\\\\\""}]}');
  /** Text, and where to cut its bytes. */
  const cutText = fc
    .array(fc.oneof({ weight: 4, arbitrary: json }, broken), { maxLength: 6 })
    .map(list)
    .chain((text) => fc.tuple(fc.constant(text), fc.array(fc.nat(Buffer.byteLength(text)), { maxLength: 12 })));
  const piecesOf = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
    const ordered = [0, ...cuts, bytes.length].sort((a, b) => a - b);
    return ordered.slice(1).map((end, i) => bytes.subarray(ordered[i], end));
  };

  test('the items are the same', () => {
    fc.assert(
      fc.property(cutText, ([text, cuts]) => {
        expect(scan(piecesOf(Buffer.from(text), cuts))).toEqual(inOnePiece(text));
      }),
      { numRuns: 300 },
    );
  });

  test('and are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 6 }), (items) => {
        const { items: found } = inOnePiece(list(items));
        const whole = found.map(
          (item, i) => (typeof item === 'string' ? JSON.parse(item) : JSON.parse(items[i] ?? '')) as unknown,
        );
        expect(whole).toEqual((JSON.parse(list(items)) as { items: unknown[] }).items);
      }),
      { numRuns: 300 },
    );
  });

  test('bytes that are anything at all end in items or a refusal, never in another error', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 1a') }));
    fc.assert(
      fc.property(bytes, (any) => {
        const { error = '' } = scan([Buffer.from('{"items":['), Buffer.from(any as string)]);
        expect(error).toMatch(/^$|^byte \d+ of the body|^the body: expected JSON|^kind: |^apiVersion: |^items: /);
      }),
      { numRuns: 1_000 },
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { createMask, maskAnswer, maskWatchEvent, type AnswerMasking, type JsonValue } from '@holdpoint/core';
import fc from 'fast-check';
import type { AnswerMasker } from './answer-masker.ts';
import { createDocumentMasker } from './masked-document.ts';
import { createLogMasker } from './masked-log.ts';
import { createWatchMasker } from './masked-watch.ts';

const mask = createMask((text) => Buffer.from(text).toString('hex').slice(-64).padStart(64, '0'));
const canary = 'cAnArY-0123456789-value';
const ofSecrets: AnswerMasking = { assumed: { kind: 'Secret', namespace: 'a' }, detectors: 'all', fields: [] };
const detected: AnswerMasking = { detectors: 'all', fields: [] };

/** The answer as it comes out when it came in at these splits. */
function masked(masker: AnswerMasker, bytes: Buffer, splits: readonly number[]): string {
  const cuts = [...new Set(splits.map((split) => split % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const chunks = [...cuts, bytes.length].map((cut, at) => bytes.subarray(cuts[at - 1] ?? 0, cut));
  return Buffer.concat([...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()]).toString();
}

/** Longer than the cutter reads by itself, what ends a string or does not at any place in it. */
const longText = fc
  .array(fc.tuple(fc.nat(150), fc.constantFrom('"', '\\', '\\"', ']', 'é')), { maxLength: 3 })
  .map((parts) => parts.map(([length, end]) => 'd'.repeat(length) + end).join(''));
const text = fc.oneof(
  fc.string(),
  longText,
  fc.constantFrom('"', '\\', '[{', 'items', 'rows', 'é😀', `password=${canary}`),
);
const name = fc.oneof(fc.constantFrom('items', 'rows', 'a"b', 'k\\', '__proto__', 'password', 'x'), fc.string());
const labels = fc.dictionary(name, text, { maxKeys: 3 });
const secret = labels.map((labels) => ({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name: 's', namespace: 'a', labels },
  data: { k: Buffer.from(canary).toString('base64'), [Object.keys(labels)[0] ?? 'l']: '' },
}));
const object = fc.record({
  kind: fc.constant('Widget'),
  metadata: fc.record({ labels }),
  spec: fc.jsonValue(),
  password: fc.constant(canary),
});
const item = fc.oneof(secret, object) as fc.Arbitrary<JsonValue>;
const list = fc.record({
  kind: fc.constantFrom('List', 'SecretList'),
  apiVersion: fc.constant('v1'),
  metadata: fc.constant({ resourceVersion: '7', continue: 'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ' }),
  items: fc.array(item, { maxLength: 4 }),
});
/** As custom resources' lists come: in alphabetical order. */
const customList = list.map(({ items, kind, ...rest }) => ({
  apiVersion: rest.apiVersion,
  items,
  kind,
  metadata: rest.metadata,
}));
const table = fc.record({
  kind: fc.constant('Table'),
  columnDefinitions: fc.constant([{ name: 'Name' }, { name: 'Password' }]),
  rows: fc.array(fc.record({ cells: fc.tuple(text, fc.constant(canary)), object: item }), { maxLength: 4 }),
});
const answer = fc.oneof(list, customList, table, item) as fc.Arbitrary<JsonValue>;
const splits = fc.array(fc.nat(), { maxLength: 12 });

describe('wherever an answer is split, the masked one is the same', () => {
  test.each<[string, AnswerMasking]>([
    ['of Secrets', ofSecrets],
    ['of anything', detected],
  ])('a list, a Table, an object %s', (_situation, how) => {
    fc.assert(
      fc.property(answer, splits, (value, at) => {
        const shown = masked(createDocumentMasker(mask, how), Buffer.from(JSON.stringify(value)), at);
        expect(shown).toBe(JSON.stringify(maskAnswer(value, mask, how)));
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, AnswerMasking]>([
    ['of Secrets', ofSecrets],
    ['of anything', detected],
  ])('a watch %s', (_situation, how) => {
    const events = fc.array(fc.record({ type: fc.constantFrom('ADDED', 'BOOKMARK'), object: fc.oneof(item, table) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(events as unknown as fc.Arbitrary<JsonValue[]>, splits, (values, at) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const want = values.map(
          (value) => `${JSON.stringify(maskWatchEvent(value, mask, how, ['Name', 'Password']))}\n`,
        );
        // A watch of Tables names its columns in the first one, and each of these does.
        expect(masked(createWatchMasker(mask, how), bytes, at)).toBe(want.join(''));
      }),
      { numRuns: 60 },
    );
  });

  test('a log', () => {
    const key = [
      '-----BEGIN PRIVATE KEY-----',
      canary.replaceAll('-', '').repeat(3),
      'c2hvcnQ=',
      '-----END PRIVATE KEY-----',
    ];
    const line = fc.oneof(
      text,
      fc.constantFrom(
        '',
        `token: ${canary}`,
        `2026-01-01T00:00:00.123456789Z api_key=${canary}`,
        key.join('\n'),
        'd'.repeat(300),
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), splits, (lines, at) => {
        const bytes = Buffer.from(lines.join('\n'));
        const whole = masked(createLogMasker(mask), bytes, []);
        expect(masked(createLogMasker(mask), bytes, at)).toBe(whole);
        expect(whole).not.toContain(canary);
        expect(whole).not.toContain(canary.replaceAll('-', ''));
      }),
      { numRuns: 100 },
    );
  });

  test('byte by byte', () => {
    const value: JsonValue = {
      kind: 'SecretList',
      items: [{ data: { k: Buffer.from(canary).toString('base64') } }, null, {}],
    };
    const bytes = Buffer.from(JSON.stringify(value, undefined, 2));
    const every = [...bytes.keys()];
    const shown = masked(createDocumentMasker(mask, ofSecrets), bytes, every);
    expect(shown).toBe(masked(createDocumentMasker(mask, ofSecrets), bytes, []));
    expect(JSON.parse(shown)).toEqual(maskAnswer(value, mask, ofSecrets));
  });
});

describe('whatever comes, it ends, and shows nothing', () => {
  const broken = fc.tuple(
    answer,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '\n', '\0', 'items', '}{')), {
      maxLength: 4,
    }),
    fc.nat(),
    splits,
  );
  test.each<[string, boolean, (how: AnswerMasking) => AnswerMasker]>([
    ['a document', false, (how) => createDocumentMasker(mask, how)],
    ['a watch', true, (how) => createWatchMasker(mask, how)],
  ])('%s', (_situation, isWatch, create) => {
    const values = [canary, Buffer.from(canary).toString('base64')];
    fc.assert(
      fc.property(broken, ([value, inserted, cut, at]) => {
        let damaged = JSON.stringify(value);
        for (const [place, piece] of inserted) {
          const where = place % (damaged.length + 1);
          damaged = damaged.slice(0, where) + piece + damaged.slice(where);
        }
        if (cut % 3 === 0) damaged = damaged.slice(0, cut % (damaged.length + 1));
        let shown = '';
        try {
          shown = masked(create(ofSecrets), Buffer.from(damaged), at);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MASK_UNREADABLE' });
        }
        // Where the damage hit nothing but blanks and texts, what stood under data is masked still.
        const documents = isWatch ? shown.split('\n') : [shown];
        for (const document of documents.filter((each) => each.trim() !== '')) {
          for (const data of dataOf(document)) for (const each of values) expect(data).not.toContain(each);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** What stands under `data` of the Secrets in an answer, which must be JSON still. */
function dataOf(json: string): string[] {
  const found: string[] = [];
  JSON.parse(json, (_key, value: unknown) => {
    const isSecret = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Secret';
    if (isSecret && 'data' in value) found.push(JSON.stringify(value.data));
    return value;
  });
  return found;
}

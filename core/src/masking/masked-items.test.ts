import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createMask, type Mask, type SecretPlace } from './mask.ts';
import { withMaskedItems } from './masked-items.ts';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const place = (key: string): SecretPlace => ({ namespace: 'a', name: 's', key });
const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function rememberingMask(mostBytes = 1_048_576): Mask {
  return withMaskedItems(
    createMask(() => 'a'.repeat(64)),
    sha256,
    mostBytes,
  );
}

/** What is shown for an item, and whether it had to be masked for that. */
function look(
  mask: Mask,
  rule: string,
  item: string,
  masked: string | undefined,
): [string | undefined, 'now' | 'before'] {
  let when: 'now' | 'before' = 'before';
  const shown = mask.items?.under(rule).masked(bytesOf(item), mask, () => {
    when = 'now';
    return masked;
  });
  return [shown, when];
}

describe('withMaskedItems', () => {
  test.each<[string, 'now' | 'before', string, string]>([
    ['the same item by the same rule', 'before', 'r', 'item'],
    ['another item', 'now', 'r', 'item '],
    ['another rule', 'now', 'r2', 'item'],
    ['a rule and an item cut elsewhere', 'now', 'ri', 'tem'],
    ['rule and item the other way round', 'now', 'item', 'r'],
    ['no rule', 'now', '', 'ritem'],
  ])('%s was masked %s', (_situation, want, rule, item) => {
    const mask = rememberingMask();
    look(mask, 'r', 'item', 'before');
    expect(look(mask, rule, item, want)).toEqual([want, want]);
  });

  test('that nothing is masked in an item is remembered too', () => {
    const mask = rememberingMask();
    expect([look(mask, 'r', 'item', undefined), look(mask, 'r', 'item', 'other')]).toEqual([
      [undefined, 'now'],
      [undefined, 'before'],
    ]);
  });

  test('another mask has another memory', () => {
    const [one, other] = [rememberingMask(), rememberingMask()];
    look(one, 'r', 'item', 'one');
    expect(look(other, 'r', 'item', 'other')).toEqual(['other', 'now']);
  });

  test('what failed is not remembered', () => {
    const mask = rememberingMask();
    const fail = (): never => {
      throw new RangeError('nested too deeply');
    };
    expect(() => mask.items?.under('r').masked(bytesOf('item'), mask, fail)).toThrow(RangeError);
    expect(look(mask, 'r', 'item', 'now')).toEqual(['now', 'now']);
  });

  test('who counts is told the same again', () => {
    const mask = rememberingMask();
    const countedWith = (): string[] => {
      const told: string[] = [];
      const note = ({ key }: SecretPlace): void => void told.push(key);
      const counting: Mask = {
        ...mask,
        note,
        ofData: (at, value) => (note(at), mask.ofData(at, value)),
        ofText: (at, value) => (note(at), mask.ofText(at, value)),
      };
      counting.items?.under('r').masked(bytesOf('item'), counting, (noting) => {
        return (
          noting.ofData(place('data'), 'aGk=') + noting.ofText(place('text'), 'hi') + noting.ofText(place('data'), 'x')
        );
      });
      return told;
    };
    const first = countedWith();
    expect([first, countedWith()]).toEqual([first, ['data', 'text', 'data']]);
  });

  test.each<[string, (i: number) => { masked: string | undefined; places: number }, number]>([
    ['masked texts', () => ({ masked: 'x'.repeat(2_000), places: 1 }), 2_000],
    ['the places of many values', () => ({ masked: 'x', places: 100 }), 100 * 32],
    ['items in which nothing is masked', () => ({ masked: undefined, places: 0 }), 128],
    ['one that is larger than all of it', (i) => ({ masked: 'x'.repeat(i === 0 ? 300_000 : 1_000), places: 1 }), 1_000],
  ])('%s: what is remembered is bounded, and the newest is', (_situation, entryOf, leastBytes) => {
    const mostBytes = 100_000;
    const mask = rememberingMask(mostBytes);
    const count = 2_000;
    for (let i = 0; i < count; i += 1) {
      const { masked, places } = entryOf(i);
      mask.items?.under('r').masked(bytesOf(String(i)), mask, (noting) => {
        for (let at = 0; at < places; at += 1) noting.ofText(place(String(at)), 'hi');
        return masked;
      });
    }
    // Newest first: what is looked for and not found is masked now, and pushes out older ones.
    const whens = Array.from({ length: count }, (_, i) => look(mask, 'r', String(count - 1 - i), undefined)[1]);
    const remembered = whens.filter((when) => when === 'before').length;
    expect(whens[0]).toBe('before');
    expect(remembered * leastBytes).toBeLessThanOrEqual(mostBytes);
  });
});

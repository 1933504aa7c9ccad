import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createMask, maskDocument } from '@holdpoint/core';
import { inRepository } from '@holdpoint/local';
import { createDraw } from './draw.ts';
import { negatives } from './negatives.ts';
import { positives, type Positive } from './positives.ts';

const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const draw = createDraw('corpus');
const labelled = positives(draw);
const harmless = negatives(draw);

const after = ({ value, field }: Pick<Positive, 'value' | 'field'>): string =>
  JSON.stringify(maskDocument(value, mask, field));
const shown = (text: string): string => JSON.stringify(text).slice(1, -1);
const found = labelled.flatMap((item) =>
  item.secrets.map((secret) => ({ item, isFound: !after(item).includes(shown(secret)) })),
);
const missed = found
  .filter(({ isFound }) => !isFound)
  .map(({ item }) => `${item.family}: ${JSON.stringify(item.value)}`);
const wrong = harmless
  .filter((item) => after(item) !== JSON.stringify(item.value))
  .map((item) => `${item.kind}: ${JSON.stringify(item.value)} → ${after(item)}`);

describe('the detectors, on a labelled corpus', () => {
  test('there is enough of it', () => {
    expect(found.length).toBeGreaterThanOrEqual(300);
    expect(harmless.length).toBeGreaterThanOrEqual(300);
  });

  test('recall is at least 0.97', () => {
    const recall = 1 - missed.length / found.length;
    process.stderr.write(`  recall ${recall.toFixed(4)}: ${String(missed.length)} of ${String(found.length)} missed\n`);
    expect({ missed, isEnough: recall >= 0.97 }).toMatchObject({ isEnough: true });
  });

  test('precision is at least 0.97', () => {
    const right = found.length - missed.length;
    const precision = right / (right + wrong.length);
    process.stderr.write(
      `  precision ${precision.toFixed(4)}: ${String(wrong.length)} of ${String(harmless.length)} masked\n`,
    );
    expect({ wrong, isEnough: precision >= 0.97 }).toMatchObject({ isEnough: true });
  });

  test('what stands around a credential stays', () => {
    const lost = labelled.flatMap((item) =>
      item.kept.filter((kept) => !after(item).includes(shown(kept))).map((kept) => `${kept}: ${after(item)}`),
    );
    expect(lost).toEqual([]);
  });

  test('masking what is masked changes nothing', () => {
    for (const item of labelled) {
      const once = maskDocument(item.value, mask, item.field);
      expect(maskDocument(once, mask, item.field)).toEqual(once);
    }
  });

  test('docs/reference/masking.md has every family, and the size of the corpus', () => {
    const reference = readFileSync(inRepository('docs', 'reference', 'masking.md'), 'utf8');
    const families = [...reference.matchAll(/^\| `([^`]+)` /gm)].map(([, family]) => family);
    expect(families).toEqual([...new Set(labelled.map(({ family }) => family))]);
    expect(reference).toContain(`${String(found.length)} credentials, ${String(harmless.length)} harmless values`);
  });
});

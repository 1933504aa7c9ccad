import { createHash, createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createMask, parseEventList, toRow, toRowLine } from '@holdpoint/core';
import { eventList } from '../../src/audit-sink.ts';
import { createCanaries, foundIn } from '../../src/canaries.ts';
import { eventShapes } from './events.ts';

const options = {
  mask: createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
  sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
  source: 'apiserver' as const,
  proxyUsername: 'proxy',
  maxBodyLength: 8_000_000,
  now: '2026-05-04 12:00:00.000000',
};

test.each(eventShapes)('no value is kept of $situation, and what is harmless is', ({ situation, event }) => {
  const canaries = createCanaries('unit');
  const secret = canaries.plant(situation);
  const harmless = createCanaries('harmless').plant(situation);
  const items = parseEventList(JSON.parse(eventList(['a'], event(secret, harmless))));
  const line = Buffer.from(items.map((item) => toRowLine(toRow(item, options))).join('\n'));
  expect(foundIn(line, canaries.planted)).toEqual([]);
  expect(line.toString()).toContain(harmless);
});

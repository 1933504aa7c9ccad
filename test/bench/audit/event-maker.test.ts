import { describe, expect, test } from '@jest/globals';
import { createEventMaker } from './event-maker.ts';

interface List {
  kind: string;
  items: { auditID: string; requestReceivedTimestamp: string }[];
}
const at = Date.parse('2026-05-04T10:11:12.345Z');
const listOf = (body: Buffer): List => JSON.parse(body.toString('utf8')) as List;

describe('createEventMaker', () => {
  test('an EventList of so many events, about 2.5 KB each, no id twice', () => {
    const maker = createEventMaker('a', () => at);
    const [first, second] = [maker.post(400), maker.post(400)];
    const ids = [first, second].flatMap(({ body }) => listOf(body).items.map(({ auditID }) => auditID));
    expect(listOf(first.body).kind).toBe('EventList');
    expect(new Set(ids).size).toBe(800);
    expect(ids.at(-1)).toBe(second.lastAuditId);
    expect(first.body.length / 400).toBeGreaterThan(2_300);
    expect(first.body.length / 400).toBeLessThan(2_700);
  });

  test('the same seed makes the same events, another one others', () => {
    const body = (seed: string): string =>
      createEventMaker(seed, () => at)
        .post(10)
        .body.toString('utf8');
    expect(body('a')).toBe(body('a'));
    expect(body('a')).not.toBe(body('b'));
  });

  test('times are the clock’s, as the API server writes them: with microseconds', () => {
    const [event] = listOf(createEventMaker('a', () => at).post(1).body).items;
    expect(event?.requestReceivedTimestamp).toMatch(/^2026-05-04T10:11:12\.345\d{3}Z$/);
  });
});

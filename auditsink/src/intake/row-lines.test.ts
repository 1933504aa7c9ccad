import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMask, type AuditRow } from '@holdpoint/core';
import { createAuditIdMemory } from './audit-id-memory.ts';
import { unobserved } from './observer.ts';
import { createRowLines, type ToRowLine } from './row-lines.ts';

const silent = () => undefined;
const event = {
  auditID: 'a-1',
  stage: 'ResponseComplete',
  verb: 'update',
  requestReceivedTimestamp: '2026-05-04T10:11:12.000345Z',
  stageTimestamp: '2026-05-04T10:11:12.000999Z',
};
const secret = 'correct-horse-battery-staple';

let told: string[];
let logged: object[];
let nowMs: number;
let toLine: ToRowLine;
beforeEach(() => {
  told = [];
  logged = [];
  nowMs = Date.parse('2026-05-04T12:00:00Z');
  toLine = createRowLines({
    mask: createMask((text) => createHmac('sha256', 'key').update(text).digest('hex')),
    fieldsAbout: () => [],
    proxyUsername: 'proxy',
    now: () => nowMs,
    mark: (row) => ({ ...row, governed: true }),
    auditIds: createAuditIdMemory(),
    observer: {
      ...unobserved,
      stubbed: (reason) => void told.push(reason),
      auditIdCollision: () => void told.push('collision'),
    },
    logger: { debug: silent, info: silent, warn: (fields) => void logged.push(fields), error: silent },
  });
});
const rowOf = (item: string | object, source: AuditRow['source'] = 'apiserver'): AuditRow => {
  const bytes = Buffer.from(typeof item === 'string' ? item : JSON.stringify(item));
  return JSON.parse(toLine({ type: 'Whole', bytes }, source)) as AuditRow;
};

describe('what an item is kept as', () => {
  test('an event, marked, whoever told of it', () => {
    expect(rowOf(event, 'file')).toMatchObject({ audit_id: 'a-1', source: 'file', governed: true, broken: '' });
    expect(rowOf(event, 'file').event_hash).toBe(rowOf(event).event_hash);
    expect(told).toEqual([]);
  });

  test.each([
    {
      situation: 'no JSON',
      item: `{"password":"${secret}",}`,
      want: 'malformed',
      wantBroken: 'broken: it is not JSON',
    },
    {
      situation: 'no event',
      item: { ...event, verb: 5 },
      want: 'malformed',
      wantBroken: expect.stringContaining('verb'),
    },
    { situation: 'unknown fields', item: { ...event, a: 1 }, want: 'unknown-fields', wantBroken: 'unknown fields: a' },
    {
      situation: 'bodies that are too large',
      item: { ...event, requestObject: 'x'.repeat(9_000_000) },
      want: 'oversize',
      wantBroken: expect.stringContaining('oversize: the bodies'),
    },
  ])('$situation: told of, and the same row again when it is sent again', ({ item, want, wantBroken }) => {
    const row = rowOf(item);
    expect(row.broken).toEqual(wantBroken);
    expect(told).toEqual([want]);
    expect(JSON.stringify(row)).not.toContain(secret);
    nowMs += 60_000;
    const again = rowOf(item);
    expect([again.event_hash, again.event_time]).toEqual([row.event_hash, row.event_time]);
    expect(told).toEqual([want, want]);
  });

  test('two broken items that differ in a byte that is no UTF-8 are two', () => {
    const row = (byte: number) => toLine({ type: 'Whole', bytes: Buffer.from([0x22, byte]) }, 'apiserver');
    expect(row(0xff)).not.toBe(row(0xfe));
  });

  test('an event that was skipped', () => {
    const item = { type: 'Oversize' as const, length: 17_000_000, contentHash: 'c', fields: event };
    expect(JSON.parse(toLine(item, 'apiserver'))).toMatchObject({
      audit_id: 'a-1',
      event_time: '2026-05-04 10:11:12.000345',
      governed: true,
      broken: 'oversize: the event, 17000000 bytes, is not kept',
    });
    expect(told).toEqual(['oversize']);
  });
});

test('one audit id with two contents is told of, with no more of the id than a line of a log needs', () => {
  rowOf({ ...event, auditID: 'x'.repeat(100_000) });
  rowOf({ ...event, auditID: 'x'.repeat(100_000) });
  expect(told).toEqual([]);
  rowOf({ ...event, auditID: 'x'.repeat(100_000), verb: 'delete' });
  expect(told).toEqual(['collision']);
  expect(logged).toEqual([{ auditId: 'x'.repeat(100), stage: 'ResponseComplete', username: '' }]);
});

import { describe, expect, test } from '@jest/globals';
import { createAuditIdMemory } from './audit-id-memory.ts';

const event = { source: 'apiserver' as const, audit_id: 'a', stage: 'ResponseComplete', event_hash: '1' };

describe('one audit id with two contents is told of', () => {
  test.each([
    { situation: 'another content', change: { event_hash: '2' }, want: true },
    {
      situation: 'another content, from the log file',
      change: { source: 'file' as const, event_hash: '2' },
      want: true,
    },
    { situation: 'the same content again', change: {}, want: false },
    { situation: 'the same content, from the log file', change: { source: 'file' as const }, want: false },
    { situation: 'another stage', change: { stage: 'ResponseStarted', event_hash: '2' }, want: false },
    { situation: 'a panic', change: { stage: 'Panic', event_hash: '2' }, want: false },
    { situation: 'what the proxy says of it', change: { source: 'proxy' as const, event_hash: '2' }, want: false },
    { situation: 'another id', change: { audit_id: 'b', event_hash: '2' }, want: false },
  ])('$situation: $want', ({ change, want }) => {
    const memory = createAuditIdMemory();
    expect(memory.isCollision(event)).toBe(false);
    expect(memory.isCollision({ ...event, ...change })).toBe(want);
  });

  test('no id is nobody’s', () => {
    const memory = createAuditIdMemory();
    memory.isCollision({ ...event, audit_id: '' });
    expect(memory.isCollision({ ...event, audit_id: '', event_hash: '2' })).toBe(false);
  });

  test('only so many are remembered: those that were seen last', () => {
    const memory = createAuditIdMemory(2);
    for (const audit_id of ['a', 'b', 'a', 'c']) memory.isCollision({ ...event, audit_id });
    expect(memory.isCollision({ ...event, audit_id: 'a', event_hash: '2' })).toBe(true);
    expect(memory.isCollision({ ...event, audit_id: 'b', event_hash: '2' })).toBe(false);
  });
});

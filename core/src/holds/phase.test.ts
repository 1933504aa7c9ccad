import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldPhase, HoldStatus } from './hold.ts';
import { phaseAt } from './phase.ts';

const expiresAt = '2026-01-01T01:00:00.000Z';
const useBefore = '2026-01-01T00:10:00.000Z';
const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`);
const withStatus = (status: HoldStatus | undefined): Hold =>
  ({ metadata: { name: 'h' }, spec: { expiresAt }, ...(status === undefined ? {} : { status }) }) as unknown as Hold;

describe('phaseAt', () => {
  const rows: { situation: string; status: HoldStatus | undefined; time: string; want: HoldPhase }[] = [
    { situation: 'no status yet: Pending', status: undefined, time: '00:00:00', want: 'Pending' },
    { situation: 'no status, and its time is over: Expired', status: undefined, time: '01:00:00', want: 'Expired' },
    {
      situation: 'Pending, a moment before: Pending',
      status: { phase: 'Pending', decisions: [] },
      time: '00:59:59.999',
      want: 'Pending',
    },
    {
      situation: 'Pending, on the very moment: Expired',
      status: { phase: 'Pending', decisions: [] },
      time: '01:00:00',
      want: 'Expired',
    },
    {
      situation: 'Approved, a moment before: Approved',
      status: { phase: 'Approved', decisions: [], useBefore },
      time: '00:09:59.999',
      want: 'Approved',
    },
    {
      situation: 'Approved, on the very moment: Lapsed',
      status: { phase: 'Approved', decisions: [], useBefore },
      time: '00:10:00',
      want: 'Lapsed',
    },
    {
      situation: 'Approved late, past the hour of the question: still Approved',
      status: { phase: 'Approved', decisions: [], useBefore: '2026-01-01T01:09:00Z' },
      time: '01:05:00',
      want: 'Approved',
    },
    { situation: 'Used: stays', status: { phase: 'Used', decisions: [], useBefore }, time: '09:00:00', want: 'Used' },
    { situation: 'Denied: stays', status: { phase: 'Denied', decisions: [] }, time: '09:00:00', want: 'Denied' },
    {
      situation: 'Expired, though a clock went back: stays',
      status: { phase: 'Expired', decisions: [] },
      time: '00:00:00',
      want: 'Expired',
    },
    {
      situation: 'Lapsed, though a clock went back: stays',
      status: { phase: 'Lapsed', decisions: [], useBefore },
      time: '00:00:00',
      want: 'Lapsed',
    },
  ];
  test.each(rows)('$situation', ({ status, time, want }) => {
    expect(phaseAt(withStatus(status), at(time))).toBe(want);
  });
});

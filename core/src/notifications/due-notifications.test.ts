import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldStatus, Notification } from '../holds/hold.ts';
import type { NotifiedPhase } from '../policy/access-policy.ts';
import { dueNotifications, retryDelayMs, withNotification, type DueNotification } from './due-notifications.ts';
import { reachedPhases } from './reached-phases.ts';

const ms = (time: string): number => Date.parse(`2026-01-01T${time}.000Z`);
const at = (time: string): string => `2026-01-01T${time}.000Z`;
const yes = { by: 'alice', verdict: 'approve', at: at('10:01:00') } as const;
const no = { by: 'bob', verdict: 'deny', at: at('10:02:00') } as const;

const hold = (status: HoldStatus | undefined, phases: readonly NotifiedPhase[], ...more: string[]): Hold =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name: 'h-1', uid: 'u-1', creationTimestamp: at('10:00:00') },
    spec: { expiresAt: at('12:00:00'), notify: ['chat', ...more].map((receiver) => ({ receiver, phases })) },
    ...(status === undefined ? {} : { status }),
  }) as unknown as Hold;

const all: readonly NotifiedPhase[] = ['Pending', 'Approved', 'Denied', 'Expired', 'Lapsed', 'Used'];
const pending: HoldStatus = { phase: 'Pending', decisions: [] };
const approved: HoldStatus = { phase: 'Approved', decisions: [yes], useBefore: at('10:11:00') };
const used: HoldStatus = { ...approved, phase: 'Used', usedBy: { requestUid: 'x', at: at('10:03:00') } };

describe('reachedPhases', () => {
  test.each<{ situation: string; status: HoldStatus | undefined; now: string; want: [NotifiedPhase, string][] }>([
    { situation: 'no status yet: pending', status: undefined, now: '10:00:01', want: [['Pending', '10:00:00']] },
    {
      situation: 'one approval of two: still pending',
      status: { phase: 'Pending', decisions: [yes] },
      now: '10:01:01',
      want: [['Pending', '10:00:00']],
    },
    {
      situation: 'approved: since the last approval',
      status: { ...approved, decisions: [{ ...yes, at: at('10:00:30') }, yes] },
      now: '10:05:00',
      want: [
        ['Pending', '10:00:00'],
        ['Approved', '10:01:00'],
      ],
    },
    {
      situation: 'used: it was approved before',
      status: used,
      now: '23:00:00',
      want: [
        ['Pending', '10:00:00'],
        ['Approved', '10:01:00'],
        ['Used', '10:03:00'],
      ],
    },
    {
      situation: 'denied after one approval',
      status: { phase: 'Denied', decisions: [yes, no] },
      now: '10:05:00',
      want: [
        ['Pending', '10:00:00'],
        ['Denied', '10:02:00'],
      ],
    },
    {
      situation: 'unanswered, and nobody has written down that it expired',
      status: pending,
      now: '12:00:00',
      want: [
        ['Pending', '10:00:00'],
        ['Expired', '12:00:00'],
      ],
    },
    {
      situation: 'approved and not used, and nobody has written down that it lapsed',
      status: approved,
      now: '10:11:00',
      want: [
        ['Pending', '10:00:00'],
        ['Approved', '10:01:00'],
        ['Lapsed', '10:11:00'],
      ],
    },
  ])('$situation', ({ status, now, want }) => {
    expect(reachedPhases(hold(status, all), ms(now))).toEqual(want.map(([phase, time]) => ({ phase, atMs: ms(time) })));
  });
});

describe('dueNotifications', () => {
  const note = (more: Partial<Notification>): Notification => ({
    receiver: 'chat',
    phase: 'Pending',
    state: 'Retrying',
    attempts: 1,
    at: at('10:00:00'),
    problem: 'status 500',
    ...more,
  });
  const send = (more: Partial<DueNotification> & { dueAtMs: number }): unknown => ({
    action: 'Send',
    receiver: 'chat',
    phase: 'Pending',
    atMs: ms('10:00:00'),
    attempts: 0,
    isNoted: false,
    ...more,
  });
  const rows: { situation: string; hold: Hold; now: string; jitter?: number; want: unknown[] }[] = [
    { situation: 'a policy that tells nobody: nothing', hold: hold(pending, []), now: '10:00:01', want: [] },
    {
      situation: 'pending, and nobody told: now',
      hold: hold(undefined, ['Pending']),
      now: '10:00:01',
      want: [send({ dueAtMs: ms('10:00:01') })],
    },
    {
      situation: 'pending for long, and nobody told: once all the same',
      hold: hold(pending, ['Pending']),
      now: '11:59:00',
      want: [send({ dueAtMs: ms('11:59:00') })],
    },
    {
      situation: 'two receivers, one told: the other',
      hold: hold({ ...pending, notifications: [note({ state: 'Delivered' })] }, ['Pending'], 'pager'),
      now: '10:00:01',
      want: [send({ receiver: 'pager', dueAtMs: ms('10:00:01') })],
    },
    {
      situation: 'failed once: within two seconds of that',
      hold: hold({ ...pending, notifications: [note({})] }, ['Pending']),
      now: '10:00:00',
      jitter: 0.5,
      want: [send({ attempts: 1, isNoted: true, dueAtMs: ms('10:00:01') })],
    },
    {
      situation: 'failed ten times: within five minutes of the last',
      hold: hold({ ...pending, notifications: [note({ attempts: 10, at: at('10:20:00') })] }, ['Pending']),
      now: '10:20:00',
      jitter: 0.5,
      want: [send({ attempts: 10, isNoted: true, dueAtMs: ms('10:22:30') })],
    },
    {
      situation: 'failed, and the next attempt would be past the hour: given up',
      hold: hold({ ...pending, notifications: [note({ attempts: 20, at: at('10:58:00') })] }, ['Pending']),
      now: '10:58:00',
      jitter: 0.9,
      want: [
        {
          action: 'GiveUp',
          receiver: 'chat',
          phase: 'Pending',
          atMs: ms('10:00:00'),
          attempts: 20,
          isNoted: true,
          problem: 'not within an hour; last: status 500',
        },
      ],
    },
    {
      situation: 'waiting for a dead receiver, never tried, for an hour: given up',
      hold: hold({ ...pending, notifications: [note({ attempts: 0, problem: 'waits' })] }, ['Pending']),
      now: '11:00:00',
      want: [expect.objectContaining({ action: 'GiveUp', problem: 'not within an hour; last: waits' })],
    },
    {
      situation: 'approved before anybody could be told that it was pending: that is given up, the approval is told',
      hold: hold(approved, ['Pending', 'Approved']),
      now: '10:02:00',
      want: [
        {
          action: 'GiveUp',
          receiver: 'chat',
          phase: 'Pending',
          atMs: ms('10:00:00'),
          attempts: 0,
          isNoted: false,
          problem: 'it is pending no more',
        },
        send({ phase: 'Approved', atMs: ms('10:01:00'), dueAtMs: ms('10:02:00') }),
      ],
    },
    {
      situation: 'used, and every phase told: nothing',
      hold: hold(
        {
          ...used,
          notifications: [
            note({ state: 'GivenUp' }),
            note({ phase: 'Approved', state: 'Delivered' }),
            note({ phase: 'Used', state: 'Delivered' }),
          ],
        },
        all,
      ),
      now: '10:04:00',
      want: [],
    },
  ];
  test.each(rows)('$situation', ({ hold: each, now, jitter = 0, want }) => {
    expect(dueNotifications(each, ms(now), () => jitter)).toEqual(want);
  });
});

describe('retryDelayMs', () => {
  test.each([
    { attempts: 0, jitter: 0.999, want: 0 },
    { attempts: 1, jitter: 0, want: 0 },
    { attempts: 1, jitter: 0.5, want: 1_000 },
    { attempts: 2, jitter: 0.5, want: 2_000 },
    { attempts: 8, jitter: 0.5, want: 128_000 },
    { attempts: 9, jitter: 0.5, want: 150_000 },
    { attempts: 1_000_000, jitter: 0.5, want: 150_000 },
  ])('after $attempts attempts, $jitter of the bound: $want ms', ({ attempts, jitter, want }) => {
    expect(retryDelayMs(attempts, jitter)).toBe(want);
  });

  test('at its slowest, an hour of failures is some twenty attempts; at the mean, some thirty', () => {
    const attemptsIn = (jitter: number): number => {
      let attempts = 1;
      for (let t = 0; t < 3_600_000; attempts += 1) t += retryDelayMs(attempts, jitter);
      return attempts;
    };
    expect([attemptsIn(0.999), attemptsIn(0.5)]).toEqual([20, 32]);
  });
});

describe('withNotification', () => {
  const entry = (receiver: string, attempts: number): Notification => ({
    receiver,
    phase: 'Pending',
    state: 'Retrying',
    attempts,
    at: at('10:00:00'),
  });
  test.each([
    { situation: 'the first', before: undefined, want: [entry('chat', 2)] },
    { situation: 'one of another receiver: added', before: [entry('x', 1)], want: [entry('x', 1), entry('chat', 2)] },
    {
      situation: 'one about the same: replaced where it stands',
      before: [entry('chat', 1), entry('x', 1)],
      want: [entry('chat', 2), entry('x', 1)],
    },
  ])('$situation', ({ before, want }) => {
    expect(withNotification(before, entry('chat', 2))).toEqual(want);
  });
});

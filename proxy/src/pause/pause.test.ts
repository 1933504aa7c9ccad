import { expect, test } from '@jest/globals';
import { failureStatus, holdCauseReason, type Hold, type HoldPhase, type Status, type UserInfo } from '@holdpoint/core';
import type { ObjectCache } from '@holdpoint/platform';
import type { HeldAnswer } from './held-answer.ts';
import { createHoldFollower } from './hold-follower.ts';
import { createPauseRoom } from './pause-room.ts';
import { createPause, type Pausable, type PauseFacts } from './pause.ts';
import { createTurnstile } from './turnstile.ts';

const user: UserInfo = { username: 'coding-agent', groups: [], extra: {} };
const causes = [{ reason: holdCauseReason, field: 'holdpoint.dev/hold', message: 'h-1' }];
const status429: Status = failureStatus(429, 'held', { causes, retryAfterSeconds: 5 });
const held = (hold = 'h-1'): HeldAnswer => ({ hold, status: status429 });

function holdOf(
  phase: HoldPhase,
  more: { name?: string; by?: string; reason?: string; version?: string; subject?: string; expiresAt?: string } = {},
): Hold {
  const {
    name = 'h-1',
    by = 'alice',
    reason,
    version = phase,
    subject = 'coding-agent',
    expiresAt = '2100-01-01T00:00:00Z',
  } = more;
  const verdict = phase === 'Denied' ? ('deny' as const) : ('approve' as const);
  const decision = { by, verdict, at: '2026-01-01T00:00:00Z', ...(reason === undefined ? {} : { reason }) };
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name, resourceVersion: version },
    spec: {
      subject: { username: subject, groups: [] },
      pauseForSeconds: 1,
      policy: 'agents',
      rule: 'writes',
      expiresAt,
    } as unknown as Hold['spec'],
    status: { phase, decisions: phase === 'Pending' ? [] : [decision] },
  };
}

/** A cluster's holds, changed by the test. */
function createHolds(): ObjectCache<Hold> & { put(hold: Hold): void; remove(name: string): void } {
  const holds = new Map<string, Hold>();
  const heard = new Set<(hold: Hold) => void>();
  return {
    list: () => [...holds.values()],
    get: (name) => holds.get(name),
    onChange(listener) {
      heard.add(listener);
      return () => void heard.delete(listener);
    },
    stop: () => Promise.resolve(),
    put(hold) {
      holds.set(hold.metadata.name ?? '', hold);
      for (const listener of [...heard]) listener(hold);
    },
    remove(name) {
      const hold = holds.get(name);
      holds.delete(name);
      if (hold !== undefined) for (const listener of [...heard]) listener(hold);
    },
  };
}

/** Answers in turn; before each answer the cluster may change. The last answer repeats. */
function script(
  holds: ReturnType<typeof createHolds>,
  ...steps: { answer: HeldAnswer | { ok: true }; then?: Hold[] }[]
) {
  let sent = 0;
  const attempt = async (): Promise<HeldAnswer | { ok: true }> => {
    const step = steps[Math.min(sent, steps.length - 1)];
    sent += 1;
    if (step === undefined) throw new Error('no step');
    for (const hold of step.then ?? []) setImmediate(() => holds.put(hold));
    return step.answer;
  };
  return { attempt, sent: () => sent };
}

const now = (): number => Date.now();

function pausing(holds: ObjectCache<Hold>, { maxRequests = 10, maxBytes = 1_000, width = 10 } = {}) {
  const follower = createHoldFollower(holds, now);
  const room = createPauseRoom(maxRequests, maxBytes);
  return { pause: createPause({ follower, room, resuming: createTurnstile(width), now }), follower, room };
}
const forever = new AbortController().signal;
const ok = { ok: true } as const;

test.each<[string, Parameters<typeof script>[1][], object, number]>([
  ['is not held: passes', [{ answer: ok }], { passed: ok }, 1],
  [
    'is approved: passes, and says by whom',
    [{ answer: held(), then: [holdOf('Pending'), holdOf('Approved')] }, { answer: ok }],
    { passed: ok, notice: 'held 0s, approved by alice (h-1)' },
    2,
  ],
  [
    'is approved, but the webhook hears of it later: asks again',
    [{ answer: held(), then: [holdOf('Approved')] }, { answer: held() }, { answer: held() }, { answer: ok }],
    { passed: ok, notice: 'held 0s, approved by alice (h-1)' },
    4,
  ],
  [
    'is approved, and held again by another hold: follows that',
    [
      { answer: held(), then: [holdOf('Approved')] },
      { answer: held('h-2'), then: [holdOf('Approved', { name: 'h-2', by: 'bob' })] },
      { answer: ok },
    ],
    { passed: ok, notice: 'held 0s, approved by bob (h-2)' },
    3,
  ],
  [
    'lost its approval to another request: asks once, then waits for its own',
    [
      { answer: held(), then: [holdOf('Used')] },
      { answer: held('h-2'), then: [holdOf('Approved', { name: 'h-2' })] },
      { answer: ok },
    ],
    { passed: ok, notice: 'held 0s, approved by alice (h-2)' },
    3,
  ],
  [
    'is denied: 403 in the reviewer’s words',
    [{ answer: held(), then: [holdOf('Denied', { by: 'bob', reason: 'not on a friday' })] }],
    { refused: failureStatus(403, 'hold h-1 was denied by bob: not on a friday', { causes }) },
    1,
  ],
  [
    'is denied without a word',
    [{ answer: held(), then: [holdOf('Denied', { by: 'bob' })] }],
    { refused: failureStatus(403, 'hold h-1 was denied by bob: no reason was given', { causes }) },
    1,
  ],
  [
    'is over: 403',
    [{ answer: held(), then: [holdOf('Pending', { expiresAt: '2020-01-01T00:00:00Z' })] }],
    {
      refused: failureStatus(403, 'hold h-1 expired: nobody decided in time. Run the command again to ask anew.', {
        causes,
      }),
    },
    1,
  ],
  [
    'is not answered within pauseFor: 429 without retry advice',
    [{ answer: held(), then: [holdOf('Pending')] }],
    {
      refused: failureStatus(
        429,
        'hold h-1 is still open after 1s (rule writes of AccessPolicy agents). Run the same command later: it picks up where it stood.',
        { causes },
      ),
    },
    1,
  ],
  [
    'names a hold of somebody else: the 429 goes on, without retry advice',
    [{ answer: held(), then: [holdOf('Approved', { subject: 'mallory' })] }],
    { refused: failureStatus(429, 'held', { causes }) },
    1,
  ],
])('a request that %s', async (_situation, steps, want, wantSent) => {
  const holds = createHolds();
  const { attempt, sent } = script(holds, ...steps);
  const { pause, follower, room } = pausing(holds);
  const outcome = await pause(user, attempt, forever, { bytesIn: 7 });
  if ('reason' in outcome) expect({ refused: outcome.refused }).toEqual(want);
  else expect(outcome).toEqual(want);
  expect([sent(), follower.waiting(), room.taken()]).toEqual([wantSent, 0, { requests: 0, bytes: 0 }]);
});

test.each<[string, Hold[], Partial<PauseFacts>]>([
  [
    'passed',
    [holdOf('Pending'), holdOf('Approved')],
    { end: 'passed', approved: true, policy: 'agents', rule: 'writes' },
  ],
  ['passed after another had used the approval', [holdOf('Used')], { end: 'passed', approved: false }],
  ['was denied', [holdOf('Denied')], { end: 'denied', hold: 'h-1', approved: false }],
  ['is somebody else’s', [holdOf('Pending', { subject: 'mallory' })], { end: 'unknownHold', policy: '', rule: '' }],
])('what is told of a request that %s', async (_situation, then, want) => {
  const holds = createHolds();
  const { attempt } = script(holds, { answer: held(), then }, { answer: ok });
  const request: Pausable = { bytesIn: 0 };
  await pausing(holds).pause(user, attempt, forever, request);
  expect(request.pause).toMatchObject(want);
});

test('nothing is told of a request that was not held', async () => {
  const request: Pausable = { bytesIn: 0 };
  await pausing(createHolds()).pause(user, async () => ok, forever, request);
  expect(request).toEqual({ bytesIn: 0 });
});

test('a hold that is deleted while it is waited for ends the wait, and nothing is asked again', async () => {
  const holds = createHolds();
  holds.put(holdOf('Pending'));
  const { attempt, sent } = script(holds, { answer: held() });
  setImmediate(() => holds.remove('h-1'));
  const request: Pausable = { bytesIn: 0 };
  expect(await pausing(holds).pause(user, attempt, forever, request)).toMatchObject({
    refused: { code: 403, message: 'hold h-1 was deleted. Run the command again to ask anew.' },
  });
  expect(request.pause?.end).toBe('deleted');
  expect(sent()).toBe(1);
});

test('a proxy that ends sends those who wait to the next one, and those who come later at once', async () => {
  const holds = createHolds();
  holds.put(holdOf('Pending'));
  const { pause, follower, room } = pausing(holds);
  const { attempt } = script(holds, { answer: held() });
  const waits = [pause(user, attempt, forever), pause(user, attempt, forever)];
  setImmediate(() => follower.release());
  for (const outcome of [...(await Promise.all(waits)), await pause(user, attempt, forever)]) {
    expect(outcome).toMatchObject({ refused: { code: 503, details: { retryAfterSeconds: 1 } } });
  }
  expect(room.taken()).toEqual({ requests: 0, bytes: 0 });
});

test.each([
  { situation: 'as many requests as may wait', limits: { maxRequests: 1 }, bytes: 1 },
  { situation: 'as many bytes as may be kept', limits: { maxBytes: 10 }, bytes: 6 },
])('without room ($situation) a request is told of its hold, and not to ask in a loop', async ({ limits, bytes }) => {
  const holds = createHolds();
  holds.put(holdOf('Pending'));
  const { pause, room } = pausing(holds, limits);
  const gone = new AbortController();
  const { attempt } = script(holds, { answer: held() });
  const first = pause(user, attempt, gone.signal, { bytesIn: bytes });
  await new Promise(setImmediate);
  const second = await pause(user, attempt, forever, { bytesIn: bytes });
  expect(second).toMatchObject({ refused: { code: 429, details: { causes } } });
  expect(second).not.toHaveProperty('refused.details.retryAfterSeconds');
  expect(room.taken()).toEqual({ requests: 1, bytes });
  gone.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  expect(room.taken()).toEqual({ requests: 0, bytes: 0 });
});

test.each([
  { situation: 'waits', approveFirst: false, width: 1 },
  { situation: 'is approved, and stands in line', approveFirst: true, width: 0 },
])(
  'a client that goes away while its request $situation: nothing is sent any more',
  async ({ approveFirst, width }) => {
    const holds = createHolds();
    holds.put(holdOf('Pending'));
    const gone = new AbortController();
    const { attempt, sent } = script(holds, { answer: held() }, { answer: ok });
    const { pause, follower, room } = pausing(holds, { width });
    const outcome = pause(user, attempt, gone.signal);
    setImmediate(() => {
      if (approveFirst) holds.put(holdOf('Approved'));
      setImmediate(() => {
        gone.abort(new Error('gone'));
        holds.put(holdOf('Approved', { version: 'later' }));
      });
    });
    await expect(outcome).rejects.toThrow('gone');
    await new Promise(setImmediate);
    expect([sent(), follower.waiting(), room.taken()]).toEqual([1, 0, { requests: 0, bytes: 0 }]);
  },
);

test('a thousand that wait for other holds are not looked at when one changes', async () => {
  const holds = createHolds();
  const { follower } = pausing(holds);
  let looks = 0;
  const gone = new AbortController();
  const waits = Array.from({ length: 1_000 }, (_, i) =>
    follower.follow(
      `h-${String(i)}`,
      () => {
        looks += 1;
        return false;
      },
      Infinity,
      gone.signal,
    ),
  );
  looks = 0;
  holds.put(holdOf('Pending', { name: 'h-7' }));
  expect([looks, follower.waiting()]).toEqual([1, 1_000]);
  gone.abort(new Error('gone'));
  expect((await Promise.allSettled(waits)).every(({ status }) => status === 'rejected')).toBe(true);
  expect(follower.waiting()).toBe(0);
});

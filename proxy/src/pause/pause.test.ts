import { expect, test } from '@jest/globals';
import { failureStatus, holdCauseReason, type Hold, type HoldPhase, type Status, type UserInfo } from '@holdpoint/core';
import type { ObjectCache } from '@holdpoint/platform';
import type { HeldAnswer } from './held-answer.ts';
import { createHoldFollower } from './hold-follower.ts';
import { createPause } from './pause.ts';

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
function createHolds(): ObjectCache<Hold> & { put(hold: Hold): void; listeners(): number } {
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
    listeners: () => heard.size,
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
  const outcome = await createPause(createHoldFollower(holds, now), now)(user, attempt, forever);
  if ('reason' in outcome) expect({ refused: outcome.refused }).toEqual(want);
  else expect(outcome).toEqual(want);
  expect([sent(), holds.listeners()]).toEqual([wantSent, 0]);
});

test('a client that goes away ends the wait', async () => {
  const holds = createHolds();
  holds.put(holdOf('Pending'));
  const gone = new AbortController();
  const outcome = createPause(createHoldFollower(holds, now), now)(user, async () => held(), gone.signal);
  setImmediate(() => gone.abort(new Error('gone')));
  await expect(outcome).rejects.toThrow('gone');
  expect(holds.listeners()).toBe(0);
});

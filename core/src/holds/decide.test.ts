import { describe, expect, test } from '@jest/globals';
import type { UserInfo } from '../identity/user-info.ts';
import { decide, type DecideInput, type DecideOutcome } from './decide.ts';
import type { Decision, Hold, HoldSpec, HoldStatus } from './hold.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const at = '2026-01-01T00:05:00.000Z';
const earlier = '2026-01-01T00:01:00.000Z';

const spec: HoldSpec = {
  subject: { username: 'bot', groups: ['agents'], onBehalfOf: 'carol' },
  request: {
    operation: 'UPDATE',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    kind: 'Deployment',
  },
  digest: `hmac-sha256:${'0'.repeat(64)}`,
  change: { type: 'Update', patch: [] },
  policy: 'p',
  rule: 'r',
  approvers: [
    { kind: 'Group', name: 'sre' },
    { kind: 'ServiceAccount', namespace: 'ops', name: 'gate' },
  ],
  minApprovals: 1,
  expiresAt: '2026-01-01T01:00:00.000Z',
  useWithinSeconds: 600,
  pauseForSeconds: 300,
};
const hold = (
  more: Partial<HoldSpec> = {},
  status: HoldStatus | undefined = { phase: 'Pending', decisions: [] },
): Hold => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Hold',
  metadata: { name: 'h-1' },
  spec: { ...spec, ...more },
  ...(status === undefined ? {} : { status }),
});
const alsoAsked = {
  policy: 'q',
  rule: 's',
  approvers: [{ kind: 'Group', name: 'security' }],
  minApprovals: 1,
} as const;
const told = { receiver: 'chat', phase: 'Pending', state: 'Delivered', attempts: 1, at: earlier } as const;
const user = (username: string, groups: string[] = ['sre']): UserInfo => ({ username, groups, extra: {} });
const decided = (by: string, verdict: Decision['verdict'] = 'approve'): Decision => ({ by, verdict, at: earlier });

describe('decide', () => {
  const rows: { situation: string; input: Partial<DecideInput>; want: DecideOutcome }[] = [
    {
      situation: 'one approval of one: Approved, usable for useWithin',
      input: {},
      want: {
        status: {
          phase: 'Approved',
          decisions: [{ by: 'alice', verdict: 'approve', at }],
          useBefore: '2026-01-01T00:15:00.000Z',
        },
      },
    },
    {
      situation: 'a hold whose status nobody has written yet: the same',
      input: { hold: hold({}, undefined) },
      want: {
        status: {
          phase: 'Approved',
          decisions: [{ by: 'alice', verdict: 'approve', at }],
          useBefore: '2026-01-01T00:15:00.000Z',
        },
      },
    },
    {
      situation: 'denied with a reason: Denied, the reason kept',
      input: { verdict: 'deny', reason: 'Not on a Friday.' },
      want: {
        status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', reason: 'Not on a Friday.', at }] },
      },
    },
    {
      situation: 'an empty reason: none',
      input: { verdict: 'deny', reason: '' },
      want: { status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', at }] } },
    },
    {
      situation: 'an approver by service account: Approved',
      input: { reviewer: user('system:serviceaccount:ops:gate', []) },
      want: {
        status: {
          phase: 'Approved',
          decisions: [{ by: 'system:serviceaccount:ops:gate', verdict: 'approve', at }],
          useBefore: '2026-01-01T00:15:00.000Z',
        },
      },
    },
    {
      situation: 'the first of two: Pending still',
      input: { hold: hold({ minApprovals: 2 }) },
      want: { status: { phase: 'Pending', decisions: [{ by: 'alice', verdict: 'approve', at }] } },
    },
    {
      situation: 'the second of two, another person: Approved',
      input: { hold: hold({ minApprovals: 2 }, { phase: 'Pending', decisions: [decided('bob')] }) },
      want: {
        status: {
          phase: 'Approved',
          decisions: [decided('bob'), { by: 'alice', verdict: 'approve', at }],
          useBefore: '2026-01-01T00:15:00.000Z',
        },
      },
    },
    {
      situation: 'the second of two says no: Denied, the first outvoted',
      input: { hold: hold({ minApprovals: 2 }, { phase: 'Pending', decisions: [decided('bob')] }), verdict: 'deny' },
      want: { status: { phase: 'Denied', decisions: [decided('bob'), { by: 'alice', verdict: 'deny', at }] } },
    },
    {
      situation: 'the same person a second time: refused',
      input: { hold: hold({ minApprovals: 2 }, { phase: 'Pending', decisions: [decided('alice')] }) },
      want: { refusal: 'alice may not decide hold h-1: they have decided it already' },
    },
    {
      situation: 'the same person in another approving group: refused all the same',
      input: {
        hold: hold(
          {
            minApprovals: 2,
            approvers: [
              { kind: 'Group', name: 'sre' },
              { kind: 'Group', name: 'security' },
            ],
          },
          { phase: 'Pending', decisions: [decided('alice')] },
        ),
        reviewer: user('alice', ['security']),
      },
      want: { refusal: 'alice may not decide hold h-1: they have decided it already' },
    },
    {
      situation: 'who asked, though an approver: refused',
      input: { reviewer: user('bot') },
      want: { refusal: 'bot may not decide hold h-1: nobody decides what they asked for themselves' },
    },
    {
      situation: 'who asked says no: refused too',
      input: { reviewer: user('bot'), verdict: 'deny' },
      want: { refusal: 'bot may not decide hold h-1: nobody decides what they asked for themselves' },
    },
    {
      situation: 'for whom it was asked, though an approver: refused',
      input: { reviewer: user('carol') },
      want: { refusal: 'carol may not decide hold h-1: the request was made on their behalf' },
    },
    {
      situation: 'a governed subject, though an approver: refused',
      input: { reviewer: user('other-bot'), reviewerIsGoverned: true },
      want: { refusal: 'other-bot may not decide hold h-1: a governed subject decides nothing' },
    },
    {
      situation: 'an approver, but nothing shows that it is they: refused',
      input: { reviewer: user('alice', ['sre']), reviewerHasCredential: false },
      want: {
        refusal:
          'alice may not decide hold h-1: nothing shows whose credential this is, as when somebody impersonates them: decide with your own',
      },
    },
    {
      situation: 'not an approver, though mighty: refused',
      input: { reviewer: user('admin', ['system:masters']) },
      want: { refusal: 'admin may not decide hold h-1: they are not among its approvers' },
    },
    {
      situation: 'a user named like the approving group: refused',
      input: { reviewer: user('sre', []) },
      want: { refusal: 'sre may not decide hold h-1: they are not among its approvers' },
    },
    {
      situation: 'no approvers at all: refused',
      input: { hold: hold({ approvers: [] }) },
      want: { refusal: 'alice may not decide hold h-1: they are not among its approvers' },
    },
    {
      situation: 'on the moment it expires: refused',
      input: { nowMs: Date.parse(spec.expiresAt) },
      want: { refusal: 'hold h-1 is Expired; only a Pending hold can be decided' },
    },
    ...(['Approved', 'Used', 'Denied', 'Expired', 'Lapsed'] as const).map((phase) => ({
      situation: `a hold that is ${phase}: refused`,
      input: { hold: hold({}, { phase, decisions: [decided('bob')] }), verdict: 'deny' },
      want: { refusal: `hold h-1 is ${phase}; only a Pending hold can be decided` },
    })),
    {
      situation: 'a reason of 1,000 characters: kept',
      input: { verdict: 'deny', reason: 'x'.repeat(1_000) },
      want: {
        status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', reason: 'x'.repeat(1_000), at }] },
      },
    },
    {
      situation: 'a longer reason: refused',
      input: { reason: 'x'.repeat(1_001) },
      want: { refusal: 'holdpoint.dev/reason: 1001 characters, at most 1000' },
    },
    ...[
      { verdict: 'Approve', shown: '"Approve"' },
      { verdict: 'approved', shown: '"approved"' },
      { verdict: '', shown: '""' },
      { verdict: 'approve ', shown: '"approve "' },
      { verdict: `"\n${'y'.repeat(100)}`, shown: `"\\"\\n${'y'.repeat(38)}"` },
    ].map(({ verdict, shown }) => ({
      situation: `a verdict ${shown}: refused, quoted and cut`,
      input: { verdict },
      want: { refusal: `holdpoint.dev/decision: expected approve or deny, got ${shown}` },
    })),
    ...[
      {
        situation: 'two policies ask, and one person is an approver of one: pending, and it counts for that one',
        reviewer: user('alice'),
        before: [],
        wantPhase: 'Pending' as const,
        wantCounts: ['p/r'],
      },
      {
        situation: 'two policies ask, and somebody approves for the other: approved',
        reviewer: user('sam', ['security']),
        before: [{ by: 'alice', verdict: 'approve' as const, at: earlier, countsFor: ['p/r'] }],
        wantPhase: 'Approved' as const,
        wantCounts: ['q/s'],
      },
      {
        situation: 'two policies ask, and a second of the same people approves: still pending',
        reviewer: user('bob'),
        before: [{ by: 'alice', verdict: 'approve' as const, at: earlier, countsFor: ['p/r'] }],
        wantPhase: 'Pending' as const,
        wantCounts: ['p/r'],
      },
      {
        situation: 'two policies ask, and one person is an approver of both: approved',
        reviewer: user('ada', ['sre', 'security']),
        before: [],
        wantPhase: 'Approved' as const,
        wantCounts: ['p/r', 'q/s'],
      },
    ].map(({ situation, reviewer, before, wantPhase, wantCounts }) => ({
      situation,
      input: { reviewer, hold: hold({ alsoAsks: [alsoAsked] }, { phase: 'Pending' as const, decisions: before }) },
      want: {
        status: {
          phase: wantPhase,
          decisions: [...before, { by: reviewer.username, verdict: 'approve' as const, at, countsFor: wantCounts }],
          ...(wantPhase === 'Approved' ? { useBefore: '2026-01-01T00:15:00.000Z' } : {}),
        },
      },
    })),
    {
      situation: 'somebody was told of it: that stays on record',
      input: {
        verdict: 'deny',
        hold: hold({}, { phase: 'Pending', decisions: [], notifications: [told] }),
      },
      want: {
        status: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', at }], notifications: [told] },
      },
    },
  ];
  test.each(rows)('$situation', ({ input, want }) => {
    const all: DecideInput = {
      hold: hold(),
      reviewer: user('alice'),
      verdict: 'approve',
      reason: undefined,
      reviewerIsGoverned: false,
      reviewerHasCredential: true,
      nowMs,
      ...input,
    };
    expect(decide(all)).toEqual(want);
  });
});

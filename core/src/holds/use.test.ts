import { describe, expect, test } from '@jest/globals';
import type { Decision, Hold, HoldAsk, HoldStatus } from './hold.ts';
import type { UsingRequest } from './repetition.ts';
import { useOf, type UseOutcome } from './use.ts';

const decisions: Decision[] = [{ by: 'alice', verdict: 'approve', at: '2026-01-01T00:01:00.000Z' }];
const no: Decision = { by: 'bob', verdict: 'deny', reason: 'No.', at: '2026-01-01T00:02:00.000Z' };
const useBefore = '2026-01-01T00:15:00.000Z';
const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`);
const terms: HoldAsk = { policy: 'p', rule: 'r', approvers: [{ kind: 'Group', name: 'sre' }], minApprovals: 1 };
const withStatus = (status: HoldStatus | undefined): Hold =>
  ({
    metadata: { name: 'h' },
    spec: { expiresAt: '2026-01-01T01:00:00.000Z', ...terms },
    ...(status === undefined ? {} : { status }),
  }) as unknown as Hold;
const approved: HoldStatus = { phase: 'Approved', decisions, useBefore };
const used = (requestId?: string): HoldStatus => ({
  phase: 'Used',
  decisions,
  useBefore,
  usedBy: { requestUid: 'first', ...(requestId === undefined ? {} : { requestId }), at: '2026-01-01T00:05:00.000Z' },
});

describe('useOf', () => {
  const rows: {
    situation: string;
    status: HoldStatus | undefined;
    request?: Partial<UsingRequest>;
    terms?: Partial<HoldAsk>;
    also?: readonly HoldAsk[];
    want: UseOutcome;
  }[] = [
    { situation: 'no status yet: wait', status: undefined, want: { type: 'Wait' } },
    { situation: 'Pending: wait', status: { phase: 'Pending', decisions: [] }, want: { type: 'Wait' } },
    {
      situation: 'Pending, its time over: finished',
      status: { phase: 'Pending', decisions: [] },
      request: { nowMs: at('01:00:00') },
      want: { type: 'Finished' },
    },
    {
      situation: 'Approved: use it, and write down by whom',
      status: approved,
      want: {
        type: 'Use',
        status: { phase: 'Used', decisions, useBefore, usedBy: { requestUid: 'uid', at: '2026-01-01T00:05:01.000Z' } },
      },
    },
    {
      situation: 'Approved, through the proxy: its request id too',
      status: approved,
      request: { requestId: 'r-1' },
      want: {
        type: 'Use',
        status: {
          phase: 'Used',
          decisions,
          useBefore,
          usedBy: { requestUid: 'uid', requestId: 'r-1', at: '2026-01-01T00:05:01.000Z' },
        },
      },
    },
    {
      situation: 'Approved, for what may not be repeated: use it, once',
      status: approved,
      request: { mayRepeat: false },
      want: {
        type: 'Use',
        status: { phase: 'Used', decisions, useBefore, usedBy: { requestUid: 'uid', at: '2026-01-01T00:05:01.000Z' } },
      },
    },
    {
      situation: 'Approved, too late: finished',
      status: approved,
      request: { nowMs: at('00:15:00') },
      want: { type: 'Finished' },
    },
    {
      situation: 'Used by this very request a second ago: admitted again',
      status: used('r-1'),
      request: { requestId: 'r-1' },
      want: { type: 'UsedByThisRequest' },
    },
    {
      situation: 'Used past the proxy a second ago: taken for a repetition',
      status: used(),
      want: { type: 'UsedByThisRequest' },
    },
    {
      situation: 'Used 5 s ago: a repetition still',
      status: used(),
      request: { nowMs: at('00:05:05') },
      want: { type: 'UsedByThisRequest' },
    },
    {
      situation: 'Used longer ago: another request',
      status: used(),
      request: { nowMs: at('00:05:05.001') },
      want: { type: 'Finished' },
    },
    {
      situation: 'Used by the same request id, longer ago: another request',
      status: used('r-1'),
      request: { requestId: 'r-1', nowMs: at('00:05:05.001') },
      want: { type: 'Finished' },
    },
    {
      situation: 'Used by another request of the proxy: finished',
      status: used('r-1'),
      request: { requestId: 'r-2' },
      want: { type: 'Finished' },
    },
    { situation: 'Used through the proxy, now past it: finished', status: used('r-1'), want: { type: 'Finished' } },
    {
      situation: 'Used past the proxy, now through it: finished',
      status: used(),
      request: { requestId: 'r-1' },
      want: { type: 'Finished' },
    },
    {
      situation: 'Used, a CONNECT or a generated name: never a repetition',
      status: used('r-1'),
      request: { requestId: 'r-1', mayRepeat: false },
      want: { type: 'Finished' },
    },
    {
      situation: 'Used, by a replica whose clock is ahead: a repetition',
      status: used(),
      request: { nowMs: at('00:04:59') },
      want: { type: 'UsedByThisRequest' },
    },
    {
      situation: 'Used, and nobody says by whom: finished',
      status: { phase: 'Used', decisions },
      want: { type: 'Finished' },
    },
    {
      situation: 'Denied: stands, with its reason',
      status: { phase: 'Denied', decisions: [...decisions, no] },
      want: { type: 'Denied', decision: no },
    },
    {
      situation: 'Denied, a moment before it would have expired: stands',
      status: { phase: 'Denied', decisions: [no] },
      request: { nowMs: at('00:59:59.999') },
      want: { type: 'Denied', decision: no },
    },
    {
      situation: 'Denied, after that: may be asked anew',
      status: { phase: 'Denied', decisions: [no] },
      request: { nowMs: at('01:00:00') },
      want: { type: 'Finished' },
    },
    {
      situation: 'Denied, and nobody says by whom: stands',
      status: { phase: 'Denied', decisions: [] },
      want: { type: 'Denied', decision: undefined },
    },
    {
      situation: 'Approved, when fewer people were asked: finished',
      status: approved,
      terms: { minApprovals: 2 },
      want: { type: 'Finished' },
    },
    {
      situation: 'Approved, by people whom the rule no longer asks: finished',
      status: approved,
      terms: { approvers: [{ kind: 'Group', name: 'security' }] },
      want: { type: 'Finished' },
    },
    {
      situation: 'Pending, and other people are asked now: finished',
      status: { phase: 'Pending', decisions: [] },
      terms: { approvers: [{ kind: 'User', name: 'sre' }] },
      want: { type: 'Finished' },
    },
    {
      situation: 'Approved, and another policy asks its own people by now: finished',
      status: approved,
      also: [{ ...terms, policy: 'q' }],
      want: { type: 'Finished' },
    },
    {
      situation: 'Approved, and the rule is only called otherwise by now: used',
      status: approved,
      terms: { rule: 'renamed' },
      want: {
        type: 'Use',
        status: { ...approved, phase: 'Used', usedBy: { requestUid: 'uid', at: '2026-01-01T00:05:01.000Z' } },
      },
    },
    {
      situation: 'Denied, by people whom the rule no longer asks: stands',
      status: { phase: 'Denied', decisions: [no] },
      terms: { minApprovals: 2 },
      want: { type: 'Denied', decision: no },
    },
    { situation: 'Expired: finished', status: { phase: 'Expired', decisions: [] }, want: { type: 'Finished' } },
    { situation: 'Lapsed: finished', status: { phase: 'Lapsed', decisions }, want: { type: 'Finished' } },
  ];
  test.each(rows)('$situation', ({ status, request, terms: asked, also, want }) => {
    const using = { requestUid: 'uid', requestId: undefined, mayRepeat: true, nowMs: at('00:05:01'), ...request };
    expect(useOf(withStatus(status), using, [{ ...terms, ...asked }, ...(also ?? [])])).toEqual(want);
  });
});

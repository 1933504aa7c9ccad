import { describe, expect, test } from '@jest/globals';
import type { StrictestVerdict } from '../policy/evaluate.ts';
import { newHold } from './new-hold.ts';

const hold = {
  approvers: [{ kind: 'Group', name: 'sre' }],
  minApprovals: 2,
  expiresAfterSeconds: 60,
  useWithinSeconds: 30,
  pauseForSeconds: 10,
} as const;
const request = {
  operation: 'DELETE',
  resource: { group: '', version: 'v1', resource: 'nodes' },
  kind: 'Node',
  name: 'n',
} as const;
const asked = {
  action: 'Hold',
  policy: 'p',
  rule: 'r',
  hold,
  alsoHeldBy: [],
  notify: [],
  maxPending: 20,
  maxChangeBytes: 1_024,
} as const;
const make = (verdict: Partial<StrictestVerdict>, attempt = 1, groups = ['agents']) =>
  newHold(
    {
      user: { username: 'bot', groups, extra: {} },
      request,
      digest: `hmac-sha256:${'0'.repeat(64)}`,
      change: { type: 'Delete', object: {} },
      before: undefined,
      verdict: { ...asked, ...verdict },
      nowMs: Date.parse('2026-01-01T00:00:00.000Z'),
    },
    attempt,
  );

describe('newHold', () => {
  test('of a user without session and words: the question, whole', () => {
    expect(make({})).toStrictEqual({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'Hold',
      metadata: { name: 'h-0000-0000', labels: { 'holdpoint.dev/policy': 'p', 'holdpoint.dev/rule': 'r' } },
      spec: {
        subject: { username: 'bot', groups: ['agents'] },
        request,
        digest: `hmac-sha256:${'0'.repeat(64)}`,
        change: { type: 'Delete', object: {} },
        policy: 'p',
        rule: 'r',
        approvers: [{ kind: 'Group', name: 'sre' }],
        minApprovals: 2,
        expiresAt: '2026-01-01T00:01:00.000Z',
        useWithinSeconds: 30,
        pauseForSeconds: 10,
      },
      status: { phase: 'Pending', decisions: [] },
    });
  });

  test('held by another policy too: what that asks stands beside it', () => {
    const other = { ...asked, policy: 'q', rule: 'default', hold: { ...hold, minApprovals: 1 } };
    expect(make({ alsoHeldBy: [other] }).spec.alsoAsks).toEqual([
      { policy: 'q', rule: 'default', approvers: hold.approvers, minApprovals: 1 },
    ]);
  });

  test.each([
    { situation: 'a policy of 63 characters: whole', policy: 'a'.repeat(63), wantLabel: 'a'.repeat(63) },
    { situation: 'a longer one: as much as a label holds', policy: `${'a'.repeat(63)}b`, wantLabel: 'a'.repeat(63) },
    { situation: 'cut at a dot: no dot at the end', policy: `${'a'.repeat(61)}.-b`, wantLabel: 'a'.repeat(61) },
  ])('$situation', ({ policy, wantLabel }) => {
    const { metadata, spec } = make({ policy });
    expect(metadata.labels).toEqual({ 'holdpoint.dev/policy': wantLabel, 'holdpoint.dev/rule': 'r' });
    expect(spec.policy).toBe(policy);
  });

  test('of an elevated request: says to what, and keeps it apart from the groups of whom asks', () => {
    const groups = ['agents', 'holdpoint:deployer'];
    const { spec } = make({}, 1, groups);
    expect(spec).toMatchObject({
      subject: { groups: ['agents'] },
      elevate: { groups: ['holdpoint:deployer'] },
    });
  });
});

import { expect, test } from '@jest/globals';
import { evaluateRead } from '../requests/read-verdict.ts';
import { readRequestLine } from '../requests/request-info.ts';
import type { AccessPolicy, AccessPolicySpec } from './access-policy.ts';
import { newlyBroken, nextPolicyStates, type PolicyStates } from './policy-states.ts';

const none: PolicyStates = new Map();
const brokenReads = { rules: [{ name: 'r', action: 'Deny', verbs: ['read'] }] } as const;

function policy(generation: number, spec: Partial<AccessPolicySpec>, uid = 'u-1'): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p', uid, generation },
    spec: { subjects: [{ kind: 'Group', name: 'agents' }], ...spec },
  };
}

function readOf(states: PolicyStates): string {
  const reading = readRequestLine('GET', '/api/v1/pods');
  if ('refused' in reading) throw new Error(reading.message);
  const user = { username: 'bot', groups: ['agents'], extra: {} };
  const inForce = [...states.values()].map((state) => state.inForce);
  return evaluateRead(inForce, user, reading).action;
}

const open = nextPolicyStates(none, [policy(1, {})]);

test.each<[string, PolicyStates, AccessPolicy[], string]>([
  ['a policy that compiles: as it says', none, [policy(1, {})], 'Allow'],
  ['one that does not, from the beginning: every read is refused', none, [policy(1, { reads: brokenReads })], 'Deny'],
  ['one that no longer does: the last good version', open, [policy(2, { reads: brokenReads })], 'Allow'],
  ['made anew and broken: no last good version', open, [policy(1, { reads: brokenReads }, 'u-2')], 'Deny'],
  ['a new version that compiles', open, [policy(2, { reads: { defaultAction: 'Deny' } })], 'Deny'],
  ['a policy that is gone governs nobody', open, [], 'Deny'],
])('%s', (_situation, known, sources, want) => {
  expect(readOf(nextPolicyStates(known, sources))).toBe(want);
});

test('what is broken is told once, and again when it is broken anew', () => {
  const first = nextPolicyStates(open, [policy(2, { reads: brokenReads })]);
  const same = nextPolicyStates(first, [policy(2, { reads: brokenReads })]);
  const again = nextPolicyStates(same, [policy(3, { reads: brokenReads })]);
  expect(
    [newlyBroken(open, first), newlyBroken(first, same), newlyBroken(same, again)].map((each) => each.length),
  ).toEqual([1, 0, 1]);
});

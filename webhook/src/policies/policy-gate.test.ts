import { describe, expect, test } from '@jest/globals';
import { allowed, compilePolicy, type AccessPolicy, type AdmissionRequest, type PolicyState } from '@holdpoint/core';
import { createPolicyGate } from './policy-gate.ts';

const stateOf = (name: string, problems: PolicyState['problems']): PolicyState => {
  const source: AccessPolicy = {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [] },
  };
  const result = compilePolicy(source);
  if ('problems' in result) throw new Error('does not compile');
  return { source, inForce: result.policy, problems };
};
const good = stateOf('good', []);
const bad = stateOf('bad', [{ path: 'spec.hold.pauseFor', message: 'no duration' }]);

function gateWith(first: PolicyState[]) {
  let states = first;
  const gate = createPolicyGate({ states: () => states, compiled: () => [] });
  const review = gate.guard((request) => allowed(request.uid, { decision: 'allow' }));
  return {
    gate,
    set: (next: PolicyState[]) => void (states = next),
    reviewed: async () => (await review({ uid: 'u' } as AdmissionRequest)).response,
  };
}
const reason = 'policy bad: spec.hold.pauseFor: no duration';

describe('createPolicyGate', () => {
  test('every policy can be read: open', async () => {
    const { gate, reviewed } = gateWith([good]);
    expect(gate.blockedBy()).toBeUndefined();
    expect(await reviewed()).toMatchObject({ allowed: true });
  });

  test('no policies: open', () => {
    expect(gateWith([]).gate.blockedBy()).toBeUndefined();
  });

  test('one cannot: closed, saying which and why; every review is refused', async () => {
    const { gate, reviewed } = gateWith([good, bad]);
    expect(gate.blockedBy()).toBe(reason);
    expect(await reviewed()).toMatchObject({
      uid: 'u',
      allowed: false,
      status: {
        code: 500,
        message: `Holdpoint has started with a policy that it cannot read, so every write is refused: ${reason}`,
      },
    });
  });

  test.each([
    { situation: 'mended', next: [good, stateOf('bad', [])] },
    { situation: 'deleted', next: [good] },
  ])('then $situation: open', async ({ next }) => {
    const { gate, set, reviewed } = gateWith([good, bad]);
    expect(gate.blockedBy()).toBe(reason);
    set(next);
    expect(gate.blockedBy()).toBeUndefined();
    expect(await reviewed()).toMatchObject({ allowed: true });
  });

  test('a policy that turns bad once it was open: stays open', async () => {
    const { gate, set, reviewed } = gateWith([good]);
    expect(gate.blockedBy()).toBeUndefined();
    set([good, bad]);
    expect(gate.blockedBy()).toBeUndefined();
    expect(await reviewed()).toMatchObject({ allowed: true });
  });
});

import { describe, expect, test } from '@jest/globals';
import type { AccessPolicy, AccessPolicySpec } from './access-policy.ts';
import { evaluateWrite, type WriteRequest } from './evaluate.ts';
import { createPolicySet, type PolicySource } from './policy-set.ts';
import type { PolicyState } from './policy-states.ts';

const broken = { hold: { pauseFor: 'soon' } };
const problems = [{ path: 'spec.hold.pauseFor', message: '"soon" is not a duration such as 90s, 10m or 1h30m' }];

function policy(
  name: string,
  generation: number,
  spec: Partial<AccessPolicySpec>,
  more: { uid?: string; resourceVersion?: string } = {},
): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name, uid: `${name}-1`, generation, ...more },
    spec: { subjects: [{ kind: 'Group', name: 'agents' }], ...spec },
  };
}

/** A source whose content the test sets, one watch event after the other. */
function fakeSource(first: AccessPolicy[]) {
  let policies = first;
  let listener = (): void => undefined;
  const source: PolicySource = { list: () => policies, onChange: (heard) => void (listener = heard) };
  return {
    source,
    set: (next: AccessPolicy[]) => {
      policies = next;
      listener();
    },
  };
}

const write: WriteRequest = {
  user: { username: 'bot', groups: ['agents'], extra: {} },
  operation: 'UPDATE',
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  object: {},
  oldObject: {},
  request: {},
  namespaceObject: null,
};

describe('createPolicySet: what becomes of a write', () => {
  const rows: {
    situation: string;
    versions: AccessPolicy[][];
    wantAction: string | undefined;
    wantProblems: object[][];
  }[] = [
    { situation: 'no policy: ungoverned', versions: [[]], wantAction: undefined, wantProblems: [] },
    {
      situation: 'a good policy: in force',
      versions: [[policy('p', 1, { defaultAction: 'Allow' })]],
      wantAction: 'Allow',
      wantProblems: [[]],
    },
    {
      situation: 'a newer version: in force',
      versions: [[policy('p', 1, { defaultAction: 'Allow' })], [policy('p', 2, { defaultAction: 'Deny' })]],
      wantAction: 'Deny',
      wantProblems: [[]],
    },
    {
      situation: 'a newer version that does not compile: the last good one stays',
      versions: [[policy('p', 1, { defaultAction: 'Allow' })], [policy('p', 2, { ...broken, defaultAction: 'Deny' })]],
      wantAction: 'Allow',
      wantProblems: [problems],
    },
    {
      situation: 'two that do not compile, one after the other: the last good one stays still',
      versions: [[policy('p', 1, { defaultAction: 'Allow' })], [policy('p', 2, broken)], [policy('p', 3, broken)]],
      wantAction: 'Allow',
      wantProblems: [problems],
    },
    {
      situation: 'mended: in force',
      versions: [
        [policy('p', 1, { defaultAction: 'Allow' })],
        [policy('p', 2, broken)],
        [policy('p', 3, { defaultAction: 'Hold' })],
      ],
      wantAction: 'Hold',
      wantProblems: [[]],
    },
    {
      situation: 'no version ever compiled: closed to its subjects',
      versions: [[policy('p', 1, { ...broken, defaultAction: 'Allow' })]],
      wantAction: 'Deny',
      wantProblems: [problems],
    },
    {
      situation: 'one good, one that never compiled: closed',
      versions: [[policy('p', 1, { defaultAction: 'Allow' }), policy('q', 1, broken)]],
      wantAction: 'Deny',
      wantProblems: [[], problems],
    },
    {
      situation: 'one that never compiled, for others: not our concern',
      versions: [
        [
          policy('p', 1, { defaultAction: 'Allow' }),
          policy('q', 1, { ...broken, subjects: [{ kind: 'User', name: 'other' }] }),
        ],
      ],
      wantAction: 'Allow',
      wantProblems: [[], problems],
    },
    {
      situation: 'deleted: ungoverned',
      versions: [[policy('p', 1, { defaultAction: 'Deny' })], []],
      wantAction: undefined,
      wantProblems: [],
    },
    {
      situation: 'deleted and made anew while the watch was broken, at generation 1 again: the new one is in force',
      versions: [
        [policy('p', 1, { defaultAction: 'Allow' })],
        [policy('p', 1, { defaultAction: 'Deny' }, { uid: 'p-2' })],
      ],
      wantAction: 'Deny',
      wantProblems: [[]],
    },
    {
      situation: "made anew and broken: closed, not its namesake's last good version",
      versions: [[policy('p', 1, { defaultAction: 'Allow' })], [policy('p', 1, broken, { uid: 'p-2' })]],
      wantAction: 'Deny',
      wantProblems: [problems],
    },
  ];
  test.each(rows)('$situation', ({ versions, wantAction, wantProblems }) => {
    const [first = [], ...later] = versions;
    const { source, set } = fakeSource(first);
    const policies = createPolicySet(source, () => undefined);
    for (const version of later) set(version);
    expect(evaluateWrite(policies.compiled(), write)?.action).toBe(wantAction);
    expect(policies.states().map((state) => state.problems)).toEqual(wantProblems);
  });
});

describe('createPolicySet', () => {
  test('a status was written: the newest object is the source, and nothing is compiled or told again', () => {
    const { source, set } = fakeSource([policy('p', 1, broken, { resourceVersion: '1' })]);
    const told: PolicyState[] = [];
    const policies = createPolicySet(source, (state) => void told.push(state));
    const [before] = policies.states();
    const withStatus = { ...policy('p', 1, broken, { resourceVersion: '2' }), status: { observedGeneration: 1 } };
    set([withStatus]);
    const [after] = policies.states();
    expect(after).toEqual({ ...before, source: withStatus });
    expect(after?.inForce).toBe(before?.inForce);
    expect(told).toEqual([before]);
  });
});

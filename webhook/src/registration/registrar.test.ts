import { describe, expect, test } from '@jest/globals';
import { compilePolicy, type AccessPolicy } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import type { PolicySet, PolicyState } from '../policies/policy-set.ts';
import { createFakeCluster, type FakeCluster } from '../testing/fake-cluster.ts';
import { reconcileRegistration } from './registrar.ts';

const now = Date.parse('2026-01-01T00:00:00.000Z');
const silent = () => undefined;
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

function stateOf(source: AccessPolicy, problems: PolicyState['problems'] = []): PolicyState {
  const result = compilePolicy({ ...source, spec: { subjects: source.spec.subjects } });
  if ('problems' in result) throw new Error('does not compile');
  return { source, inForce: result.policy, problems };
}
const policy: AccessPolicy = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'p', generation: 3, resourceVersion: '1' },
  spec: { subjects: [{ kind: 'Group', name: 'agents' }] },
};

/** The fake knows one kind: policies are written to it, and registrations to one of their own. */
function clusters() {
  const registrations = { validating: createFakeCluster(), mutating: createFakeCluster() };
  const policies = createFakeCluster();
  const pick = (plural: string): FakeCluster =>
    plural === 'accesspolicies'
      ? policies
      : plural.startsWith('validating')
        ? registrations.validating
        : registrations.mutating;
  const kube: FakeCluster['kube'] = {
    get: (kind, name) => pick(kind.plural).kube.get(kind, name),
    list: (kind) => pick(kind.plural).kube.list(kind),
    create: (kind, object) => pick(kind.plural).kube.create(kind, object),
    replace: (kind, object) => pick(kind.plural).kube.replace(kind, object),
    replaceStatus: (kind, object) => pick(kind.plural).kube.replaceStatus(kind, object),
    mergePatch: (kind, name, patch) => pick(kind.plural).kube.mergePatch(kind, name, patch),
  };
  return { kube, policies, ...registrations };
}
const client = { url: 'https://webhook:8443', caBundle: 'Q0E=' };
const parts = (kube: FakeCluster['kube'], states: PolicyState[]) => {
  const set: PolicySet = { compiled: () => states.map((state) => state.inForce), states: () => states };
  return { kube, policies: set, client, ownUsername: 'me', credentialExtra: '', logger, now: () => now };
};
const enforced = {
  observedGeneration: 3,
  conditions: [
    {
      type: 'Enforced',
      status: 'True',
      reason: 'Registered',
      message: 'the API server asks about every write',
      observedGeneration: 3,
      lastTransitionTime: '2026-01-01T00:00:00.000Z',
    },
  ],
};

describe('reconcileRegistration', () => {
  test('nothing registered: both are created, then the policy is reported as enforced', async () => {
    const { kube, policies, validating, mutating } = clusters();
    policies.put(policy);
    await reconcileRegistration(parts(kube, [stateOf(policy)]));
    expect(validating.writes).toEqual(['create holdpoint.dev']);
    expect(mutating.writes).toEqual(['create holdpoint.dev']);
    expect(policies.get<AccessPolicy>('p')?.status).toEqual(enforced);
  });

  test('all as it should be: nothing is written', async () => {
    const { kube, policies, validating, mutating } = clusters();
    policies.put(policy);
    await reconcileRegistration(parts(kube, [stateOf(policy)]));
    const current = policies.get<AccessPolicy>('p') ?? policy;
    await reconcileRegistration(parts(kube, [stateOf(current)]));
    expect([validating.writes.length, mutating.writes.length, policies.writes.length]).toEqual([1, 1, 1]);
  });

  test('somebody changed a registration: mended', async () => {
    const { kube, policies, validating } = clusters();
    policies.put(policy);
    await reconcileRegistration(parts(kube, [stateOf(policy)]));
    const good = validating.get<AccessPolicy & { webhooks: object[] }>('holdpoint.dev');
    validating.put({ ...good, webhooks: [] } as unknown as AccessPolicy);
    await reconcileRegistration(parts(kube, [stateOf(policy)]));
    expect(validating.get<AccessPolicy & { webhooks: object[] }>('holdpoint.dev')?.webhooks).toEqual(good?.webhooks);
  });

  test('a version that does not compile: reported with its problems; old and new subjects are asked about', async () => {
    const { kube, policies, validating } = clusters();
    policies.put(policy);
    const newer = { ...policy, spec: { subjects: [{ kind: 'User', name: 'bot' }] } } as const;
    const state = { ...stateOf(policy, [{ path: 'spec.hold.pauseFor', message: 'no duration' }]), source: newer };
    await reconcileRegistration(parts(kube, [state]));
    expect(policies.get<AccessPolicy>('p')?.status).toMatchObject({
      conditions: [
        { type: 'Enforced', status: 'False', reason: 'PolicyInvalid', message: 'spec.hold.pauseFor: no duration' },
      ],
    });
    const text = JSON.stringify(validating.get('holdpoint.dev'));
    expect(text).toContain('agents');
    expect(text).toContain('bot');
  });

  test('another replica writes the status first: not an error', async () => {
    const { kube, policies } = clusters();
    policies.put(policy);
    policies.put(policy);
    await expect(reconcileRegistration(parts(kube, [stateOf(policy)]))).resolves.toBeUndefined();
    expect(policies.writes).toEqual([]);
  });

  test('the API server refuses a registration: thrown, and nothing is reported as enforced', async () => {
    const { policies, validating } = clusters();
    const forbidden = createFakeCluster((call) => {
      if (call.startsWith('create')) throw new Error('forbidden');
    });
    policies.put(policy);
    await expect(reconcileRegistration(parts(forbidden.kube, [stateOf(policy)]))).rejects.toThrow('forbidden');
    expect(policies.get<AccessPolicy>('p')?.status).toBeUndefined();
    expect(validating.writes).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import { compilePolicy, type AccessPolicy, type PolicySet, type PolicyState } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
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
    delete: (kind, object) => pick(kind.plural).kube.delete(kind, object),
    mergePatch: (kind, name, patch) => pick(kind.plural).kube.mergePatch(kind, name, patch),
  };
  return { kube, policies, ...registrations };
}
const client = { url: 'https://webhook:8443', caBundle: 'Q0E=' };
const parts = (kube: FakeCluster['kube'], states: PolicyState[], blocked = false) => {
  const set: PolicySet = { compiled: () => states.map((state) => state.inForce), states: () => states };
  const mended: string[] = [];
  const onMended = ({ kind }: { kind: string }): void => void mended.push(kind);
  const isBlocked = (): boolean => blocked;
  return {
    kube,
    policies: set,
    client,
    ownUsername: 'me',
    credentialExtra: '',
    isBlocked,
    onMended,
    mended,
    logger,
    now: () => now,
  };
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
    const given = parts(kube, [stateOf(policy)]);
    expect(await reconcileRegistration(given)).toEqual(['enforced']);
    expect(given.mended).toEqual(['ValidatingWebhookConfiguration']);
    expect(validating.get<AccessPolicy & { webhooks: object[] }>('holdpoint.dev')?.webhooks).toEqual(good?.webhooks);
  });

  test('the subjects change: written, and nobody is said to have meddled', async () => {
    const { kube, policies, validating } = clusters();
    policies.put(policy);
    await reconcileRegistration(parts(kube, [stateOf(policy)]));
    const other: AccessPolicy = { ...policy, spec: { subjects: [{ kind: 'User', name: 'bot' }] } };
    const given = parts(kube, [stateOf(other)]);
    await reconcileRegistration(given);
    expect(given.mended).toEqual([]);
    expect(JSON.stringify(validating.get('holdpoint.dev'))).toContain('bot');
  });

  test('what was written is not what the API server has: reported as not enforced, with the reason', async () => {
    const { kube, policies, validating } = clusters();
    policies.put(policy);
    // Somebody is quicker than our reading back, each time.
    const meddled: FakeCluster['kube'] = {
      ...kube,
      async get(kind, name) {
        const object = await kube.get(kind, name);
        if (object === undefined || !kind.plural.startsWith('validating')) return object as never;
        const { webhooks } = object as unknown as { webhooks: object[] };
        return { ...object, webhooks: webhooks.map((each) => ({ ...each, failurePolicy: 'Ignore' })) } as never;
      },
    };
    expect(await reconcileRegistration(parts(meddled, [stateOf(policy)]))).toEqual(['not_registered']);
    expect(policies.get<AccessPolicy>('p')?.status?.conditions).toMatchObject([
      {
        type: 'Enforced',
        status: 'False',
        reason: 'NotRegistered',
        message: 'judge.holdpoint.dev has other failurePolicy; policies.holdpoint.dev has other failurePolicy',
      },
    ]);
    expect(validating.writes).toEqual(['create holdpoint.dev']);
  });

  test.each([
    { situation: 'which another replica has reported on', observedGeneration: 3, want: [] },
    { situation: 'which nobody has reported on', observedGeneration: 2, want: ['replace p'] },
  ])('a replica that has never read every policy, of one $situation: writes $want', async (row) => {
    const { kube, policies } = clusters();
    const reported = { ...policy, status: { ...enforced, observedGeneration: row.observedGeneration } } as AccessPolicy;
    policies.put(reported);
    const state = stateOf(policies.get<AccessPolicy>('p') ?? reported, [{ path: 'spec', message: 'cannot be read' }]);
    await reconcileRegistration(parts(kube, [state], true));
    expect(policies.writes).toEqual(row.want);
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
    await expect(reconcileRegistration(parts(kube, [stateOf(policy)]))).resolves.toEqual(['enforced']);
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

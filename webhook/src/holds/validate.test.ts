import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  compilePolicy,
  createMask,
  type AccessPolicySpec,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type CompiledPolicy,
  type Grant,
  type Hold,
  type HoldStatus,
  type JsonObject,
  type JsonValue,
} from '@holdpoint/core';
import { releaseCodec } from '@holdpoint/platform';
import { createGrantDesk } from '../grants/grant-desk.ts';
import { createFakeCluster, type FakeCluster } from '../testing/fake-cluster.ts';
import { createMasks } from '../masks/masks.ts';
import { createHoldDesk } from './hold-desk.ts';
import { validate } from './validate.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');

const metadata = { name: 'web', namespace: 'prod' };
const deployment = (replicas: number): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { replicas },
});
const scaleUp: AdmissionRequest = {
  uid: 'u-1',
  operation: 'UPDATE',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subresource: '',
  namespace: 'prod',
  name: 'web',
  user: {
    username: 'bot',
    groups: ['agents'],
    extra: {
      'holdpoint.dev/session': ['s-1'],
      'holdpoint.dev/request': ['r-1'],
      'holdpoint.dev/command': ['kubectl scale'],
      'holdpoint.dev/on-behalf-of': ['carol'],
    },
  },
  object: deployment(5),
  oldObject: deployment(3),
  options: null,
  dryRun: false,
  raw: {},
};
const eviction: AdmissionRequest = {
  ...scaleUp,
  operation: 'CREATE',
  kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  resource: { group: '', version: 'v1', resource: 'pods' },
  subresource: 'eviction',
  object: { apiVersion: 'policy/v1', kind: 'Eviction', metadata },
  oldObject: null,
};

function policy(spec: Partial<AccessPolicySpec> = {}): CompiledPolicy {
  const resourceRules = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: {
      subjects: [{ kind: 'Group', name: 'agents' }],
      rules: [
        {
          name: 'r',
          action: 'Hold',
          message: 'Production needs an SRE.',
          resourceRules: [
            ...resourceRules,
            { apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] },
          ],
          hold: { approvers: [{ kind: 'Group', name: 'sre' }], pauseFor: '1m' },
        },
      ],
      ...spec,
    },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}

let cluster: FakeCluster;
beforeEach(() => {
  cluster = createFakeCluster();
});

function review(
  request: AdmissionRequest = scaleUp,
  more: { policies?: CompiledPolicy[]; at?: number } = {},
): Promise<AdmissionReviewResponse> {
  const policies = (): CompiledPolicy[] => more.policies ?? [policy()];
  return validate(request, {
    policies,
    namespaceObject: () => Promise.resolve(null),
    grants: createGrantDesk(cluster.kube, createFakeCluster().cache<Grant>(), hmac),
    desk: createHoldDesk(cluster.kube, cluster.cache<Hold>()),
    hmac,
    mask: createMask(hmac),
    masks: createMasks(createMask(hmac), releaseCodec, policies),
    now: () => more.at ?? nowMs,
  });
}

/** Makes the hold by asking, then writes what came of it. */
async function decided(status: HoldStatus, request = scaleUp): Promise<string> {
  await review({ ...request, dryRun: false });
  const [hold] = await cluster.kube.list<Hold>({ group: '', version: '', plural: '' });
  if (hold === undefined) throw new Error('no hold');
  cluster.put({ ...hold, status } as Hold);
  return hold.metadata.name ?? '';
}
const onlyHold = async (): Promise<Hold | undefined> =>
  (await cluster.kube.list<Hold>({ group: '', version: '', plural: '' }))[0];

const yes = { by: 'alice', verdict: 'approve', at: '2026-01-01T00:04:00.000Z' } as const;
const approved: HoldStatus = {
  phase: 'Approved',
  decisions: [yes, { ...yes, by: 'bob' }],
  useBefore: '2026-01-01T00:14:00.000Z',
};
const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' } as const;
const onRecord = { policy: 'p', rule: 'r', session: 's-1' };
const answer = (response: AdmissionReviewResponse['response']): AdmissionReviewResponse => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response,
});
const causesOf = (name: string) => [{ reason: 'HoldpointHold', field: 'holdpoint.dev/hold', message: name }];
const ruleDetails = (message: string) => ({
  causes: [{ reason: 'HoldpointRule', field: 'holdpoint.dev/rule', message }],
});
const heldMessage = (name: string): string =>
  `held for approval by rule "r" of policy "p". Production needs an SRE. Hold ${name} waits for a person; once it is approved, the same command goes through.`;

describe('validate: the whole answer', () => {
  test('ungoverned: allowed, nothing written', async () => {
    const got = await review(scaleUp, { policies: [] });
    expect(got).toEqual(answer({ uid: 'u-1', allowed: true, auditAnnotations: { decision: 'ungoverned' } }));
    expect(cluster.writes).toEqual([]);
  });

  test('denied: 403 with the reason, nothing written', async () => {
    const got = await review(scaleUp, { policies: [policy({ rules: [], defaultAction: 'Deny' })] });
    expect(got).toEqual(
      answer({
        uid: 'u-1',
        allowed: false,
        auditAnnotations: { decision: 'deny', policy: 'p', rule: 'default', session: 's-1' },
        status: {
          ...failure,
          code: 403,
          reason: 'Forbidden',
          message: 'refused by the default of policy "p"',
          details: ruleDetails('p/default'),
        },
      }),
    );
    expect(cluster.writes).toEqual([]);
  });

  test('held: 429 that names rule, hold and next step; and the hold, whole', async () => {
    const got = await review();
    const hold = await onlyHold();
    const name = hold?.metadata.name ?? '';
    expect(got).toEqual(
      answer({
        uid: 'u-1',
        allowed: false,
        auditAnnotations: { ...onRecord, decision: 'hold', hold: name },
        status: {
          ...failure,
          code: 429,
          reason: 'TooManyRequests',
          message: heldMessage(name),
          details: { causes: causesOf(name), retryAfterSeconds: 6 },
        },
      }),
    );
    expect(hold).toEqual({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'Hold',
      metadata: { name, resourceVersion: '1', labels: { 'holdpoint.dev/policy': 'p', 'holdpoint.dev/rule': 'r' } },
      spec: {
        subject: { username: 'bot', groups: ['agents'], session: 's-1', onBehalfOf: 'carol', command: 'kubectl scale' },
        request: {
          operation: 'UPDATE',
          resource: scaleUp.resource,
          kind: 'Deployment',
          namespace: 'prod',
          name: 'web',
        },
        digest: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) as unknown as string,
        change: { type: 'Update', patch: [{ op: 'replace', path: '/spec/replicas', oldValue: 3, value: 5 }] },
        before: deployment(3),
        policy: 'p',
        rule: 'r',
        message: 'Production needs an SRE.',
        approvers: [{ kind: 'Group', name: 'sre' }],
        minApprovals: 1,
        expiresAt: '2026-01-01T01:05:00.000Z',
        useWithinSeconds: 600,
        pauseForSeconds: 60,
      },
      status: { phase: 'Pending', decisions: [] },
    });
  });

  test.each([
    { pauseFor: '1s', wantSeconds: 1 },
    { pauseFor: '11s', wantSeconds: 2 },
    { pauseFor: '5m', wantSeconds: 30 },
    { pauseFor: '10h', wantSeconds: 30 },
  ])('held, pauseFor $pauseFor: ask again after $wantSeconds s', async ({ pauseFor, wantSeconds }) => {
    const got = await review(scaleUp, { policies: [policy({ rules: [], hold: { pauseFor } })] });
    expect(got.response.status?.details?.retryAfterSeconds).toBe(wantSeconds);
  });

  test('an eviction held: 403, since 429 means something else there', async () => {
    const got = await review(eviction);
    const name = (await onlyHold())?.metadata.name ?? '';
    expect(got).toEqual(
      answer({
        uid: 'u-1',
        allowed: false,
        auditAnnotations: { ...onRecord, decision: 'hold', hold: name },
        status: {
          ...failure,
          code: 403,
          reason: 'Forbidden',
          message: heldMessage(name),
          details: { causes: causesOf(name) },
        },
      }),
    );
  });

  test('approved: allowed, by whom, and the approval is used', async () => {
    const name = await decided(approved);
    expect(await review({ ...scaleUp, uid: 'u-2' })).toEqual(
      answer({
        uid: 'u-2',
        allowed: true,
        auditAnnotations: { ...onRecord, decision: 'approved', hold: name },
        warnings: [`approved by alice, bob (${name})`],
      }),
    );
    expect(cluster.get<Hold>(name)?.status).toEqual({
      ...approved,
      phase: 'Used',
      usedBy: { requestUid: 'u-2', requestId: 'r-1', at: '2026-01-01T00:05:00.000Z' },
    });
  });

  test('denied by a person: 403 with their words', async () => {
    const name = await decided({
      phase: 'Denied',
      decisions: [{ ...yes, verdict: 'deny', reason: 'Not on a Friday.' }],
    });
    expect(await review()).toEqual(
      answer({
        uid: 'u-1',
        allowed: false,
        auditAnnotations: { ...onRecord, decision: 'deny', hold: name },
        status: {
          ...failure,
          code: 403,
          reason: 'Forbidden',
          message: `hold ${name} was denied by alice: Not on a Friday.`,
          details: { causes: causesOf(name) },
        },
      }),
    );
  });

  test('too many pending: 403, no further hold', async () => {
    const policies = [policy({ maxPending: 1 })];
    await review(scaleUp, { policies });
    expect(await review({ ...scaleUp, object: deployment(6) }, { policies })).toEqual(
      answer({
        uid: 'u-1',
        allowed: false,
        auditAnnotations: { ...onRecord, decision: 'deny' },
        status: {
          ...failure,
          code: 403,
          reason: 'Forbidden',
          message:
            'rule "r" of policy "p" asks for an approval, and 1 of yours are pending already. Wait until some are decided.',
          details: ruleDetails('p/r'),
        },
      }),
    );
    expect(cluster.writes).toHaveLength(1);
  });

  test('the API server does not answer: thrown, for the caller to fail closed', async () => {
    cluster = createFakeCluster(() => {
      throw new Error('connection refused');
    });
    await expect(review()).rejects.toThrow('connection refused');
  });
});

describe('validate: one approval, one request', () => {
  test.each([
    { situation: 'the same update again', request: scaleUp, other: {}, wantAllowed: true },
    { situation: 'another value', request: scaleUp, other: { object: deployment(6) }, wantAllowed: false },
    {
      situation: 'the same target from another start',
      request: scaleUp,
      other: { oldObject: deployment(4) },
      wantAllowed: false,
    },
    { situation: 'another object', request: scaleUp, other: { name: 'api' }, wantAllowed: false },
    {
      situation: 'somebody else',
      request: scaleUp,
      other: { user: { ...scaleUp.user, username: 'bot-2' } },
      wantAllowed: false,
    },
  ])('$situation, after an approval: allowed: $wantAllowed', async ({ request, other, wantAllowed }) => {
    await decided(approved, request);
    expect((await review({ ...request, ...other })).response.allowed).toBe(wantAllowed);
  });

  test.each([
    { situation: 'an update', request: scaleUp, wantAllowed: true },
    { situation: 'a create by name', request: { ...scaleUp, operation: 'CREATE', oldObject: null }, wantAllowed: true },
    {
      situation: 'a create with generateName',
      request: {
        ...scaleUp,
        operation: 'CREATE',
        name: '',
        object: { metadata: { generateName: 'web-' } },
        oldObject: null,
      },
      wantAllowed: false,
    },
    { situation: 'an eviction', request: eviction, wantAllowed: false },
    {
      situation: 'a token request',
      request: {
        ...eviction,
        resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
        subresource: 'token',
      },
      wantAllowed: false,
    },
    {
      situation: 'exec',
      request: { ...eviction, operation: 'CONNECT', subresource: 'exec', object: { command: ['sh'] } },
      wantAllowed: false,
    },
  ] as { situation: string; request: AdmissionRequest; wantAllowed: boolean }[])(
    '$situation, asked again within the same request: allowed: $wantAllowed',
    async ({ request, wantAllowed }) => {
      await decided(approved, request);
      expect((await review(request)).response.allowed).toBe(true);
      expect((await review({ ...request, uid: 'u-3' }, { at: nowMs + 1_000 })).response.allowed).toBe(wantAllowed);
    },
  );
});

describe('validate: a dry run', () => {
  const rows: { situation: string; status?: HoldStatus; wantWarning: (name: string) => string }[] = [
    { situation: 'nothing asked yet', wantWarning: () => 'would be held for approval by rule "r" of policy "p"' },
    {
      situation: 'pending',
      status: { phase: 'Pending', decisions: [] },
      wantWarning: () => 'would be held for approval by rule "r" of policy "p"',
    },
    { situation: 'approved', status: approved, wantWarning: (name) => `approved already: hold ${name} would be used` },
    {
      situation: 'denied',
      status: { phase: 'Denied', decisions: [{ ...yes, verdict: 'deny' }] },
      wantWarning: (name) => `would be refused: hold ${name} was denied by alice`,
    },
  ];
  test.each(rows)('$situation: allowed with a warning, nothing created or used', async ({ status, wantWarning }) => {
    const name = status === undefined ? '' : await decided(status);
    const writes = cluster.writes.length;
    expect(await review({ ...scaleUp, dryRun: true })).toEqual(
      answer({
        uid: 'u-1',
        allowed: true,
        auditAnnotations: { ...onRecord, decision: 'would-hold' },
        warnings: [wantWarning(name)],
      }),
    );
    expect(cluster.writes).toHaveLength(writes);
    if (status !== undefined) expect(cluster.get<Hold>(name)?.status).toEqual(status);
  });

  test('denied by a rule: denied all the same', async () => {
    const got = await review(
      { ...scaleUp, dryRun: true },
      { policies: [policy({ rules: [], defaultAction: 'Deny' })] },
    );
    expect(got.response.allowed).toBe(false);
  });

  test('of a token request, which mints a token all the same: refused', async () => {
    const got = await review({
      ...eviction,
      resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
      subresource: 'token',
      dryRun: true,
    });
    expect(got.response).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(cluster.writes).toEqual([]);
  });
});

describe('validate: a Secret', () => {
  const secret = (password: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'prod' },
    data: { password },
  });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const write: AdmissionRequest = {
    ...scaleUp,
    kind: { group: '', version: 'v1', kind: 'Secret' },
    resource: { group: '', version: 'v1', resource: 'secrets' },
    name: 'db',
    object: secret(base64('new-secret')),
    oldObject: secret(base64('old-secret')),
  };

  test.each([
    { situation: 'updated', request: write },
    { situation: 'created', request: { ...write, operation: 'CREATE', oldObject: null } },
    { situation: 'deleted', request: { ...write, operation: 'DELETE', object: null } },
  ] as { situation: string; request: AdmissionRequest }[])(
    '$situation: its hold shows that a value changes, never the value',
    async ({ request }) => {
      await review(request);
      const text = JSON.stringify(await onlyHold());
      for (const value of ['new-secret', 'old-secret']) {
        expect(text).not.toContain(value);
        expect(text).not.toContain(base64(value));
      }
      expect(text).toContain(base64('holdpoint-mask:v1:').slice(0, 24));
    },
  );

  test('updated: both sides are masked, and differ', async () => {
    await review(write);
    const change = (await onlyHold())?.spec.change as {
      patch: { path: string; value: JsonValue; oldValue: JsonValue }[];
    };
    expect(change.patch.map(({ path }) => path)).toEqual(['/data/password']);
    expect(change.patch[0]?.value).not.toBe(change.patch[0]?.oldValue);
  });

  test('an approval of one value: does not admit another', async () => {
    await decided(approved, write);
    expect((await review({ ...write, object: secret(base64('other-secret')) })).response.allowed).toBe(false);
  });
});

test('validate: a field that a policy names is masked in the hold, on both sides and in what surrounds it', async () => {
  const fields = [{ resources: ['configmaps'], paths: ['$.data.motd', '$.data.kept'] }];
  const configMap = (motd: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { motd, kept: 'open-sesame', colour: 'red' },
  });
  const write: AdmissionRequest = {
    ...scaleUp,
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    object: configMap('new-word'),
    oldObject: configMap('old-word'),
  };
  await review(write, { policies: [policy({ masking: { fields } })] });
  const { change, before } = (await onlyHold())?.spec ?? {};
  const text = JSON.stringify({ change, before });
  expect(text).not.toMatch(/new-word|old-word|open-sesame/);
  expect(text).toContain('"colour":"red"');
  expect(change).toMatchObject({
    patch: [{ path: '/data/motd', value: expect.stringMatching(/^holdpoint-mask:v1:/) as unknown }],
  });
});

describe('validate: a permission that was lent', () => {
  const elevated = { ...scaleUp, user: { ...scaleUp.user, groups: ['agents', 'holdpoint:deployer'] } };
  const everything = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;
  const lending = (group: string): CompiledPolicy[] => [
    policy({
      rules: [{ name: 'r', action: 'Hold', resourceRules: everything, elevate: { groups: [group] } }],
      hold: { approvers: [{ kind: 'Group', name: 'sre' }] },
    }),
  ];
  const code = async (request: AdmissionRequest, policies: CompiledPolicy[]): Promise<number> => {
    const { response } = await review(request, { policies });
    return response.allowed ? 200 : (response.status?.code ?? 0);
  };

  test('by another rule: 403, whose cause has the proxy ask with what the rule does lend; nothing written', async () => {
    const { response } = await review(elevated, { policies: lending('holdpoint:other') });
    expect(response).toMatchObject({
      allowed: false,
      status: {
        code: 403,
        details: {
          causes: [{ reason: 'HoldpointElevation', field: 'holdpoint.dev/elevate', message: 'holdpoint:other' }],
        },
      },
      auditAnnotations: { decision: 'deny', elevated: 'holdpoint:deployer' },
    });
    expect(await onlyHold()).toBeUndefined();
  });

  test('an approval of the change without it admits no request with it, nor the other way round', async () => {
    const policies = lending('holdpoint:deployer');
    expect(await code(scaleUp, policies)).toBe(429);
    const [without] = await cluster.kube.list<Hold>({ group: '', version: '', plural: '' });
    if (without === undefined) throw new Error('no hold');
    cluster.put({ ...without, status: approved } as Hold);
    expect(await code(elevated, policies)).toBe(429);
    const holds = await cluster.kube.list<Hold>({ group: '', version: '', plural: '' });
    expect(holds.map(({ spec }) => spec.elevate?.groups)).toEqual([undefined, ['holdpoint:deployer']]);
    expect(await code(scaleUp, policies)).toBe(200);
  });

  test('approved with it: passes once, on record as such', async () => {
    const policies = lending('holdpoint:deployer');
    expect(await code(elevated, policies)).toBe(429);
    const hold = await onlyHold();
    cluster.put({ ...hold, status: approved } as Hold);
    const { response } = await review(elevated, { policies });
    expect(response).toMatchObject({
      allowed: true,
      auditAnnotations: { decision: 'approved', elevated: 'holdpoint:deployer' },
    });
    expect(
      await code({ ...elevated, user: { ...elevated.user, extra: { 'holdpoint.dev/request': ['r-2'] } } }, policies),
    ).toBe(429);
  });
});

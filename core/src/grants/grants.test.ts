import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { UsingRequest } from '../holds/repetition.ts';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicySpec } from '../policy/access-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compile-policy.ts';
import { evaluateWrite, type WriteRequest } from '../policy/evaluate.ts';
import { coversWrite } from './covers.ts';
import { giveGrant } from './give.ts';
import { grantPhaseAt } from './grant-phase.ts';
import { grantTermsOf } from './grant-terms.ts';
import type { Grant, GrantSpec, GrantStatus } from './grant.ts';
import { revokeGrant } from './revoke.ts';
import { grantUseOf } from './use-grant.ts';

const nowMs = Date.parse('2026-01-01T00:00:00.000Z');
const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');
const sre = [{ kind: 'Group', name: 'sre' }] as const;
const everything = [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] as const;

function policy(spec: Partial<AccessPolicySpec> = {}): CompiledPolicy {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'p' },
    spec: {
      subjects: [{ kind: 'Group', name: 'agents' }],
      hold: { approvers: sre },
      rules: [
        { name: 'prod', action: 'Hold', resourceRules: everything, namespaces: ['prod', 'prod-*'] },
        { name: 'four-eyes', action: 'Hold', resourceRules: everything, hold: { minApprovals: 2 } },
        { name: 'free', action: 'Allow', resourceRules: everything },
      ],
      ...spec,
    },
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}

const spec: GrantSpec = {
  subject: { username: 'bot' },
  scope: { policy: 'p', rule: 'prod' },
  duration: '10m',
};
const user = (username: string, groups: string[] = ['sre']): UserInfo => ({ username, groups, extra: {} });
const asObject = (more: Partial<GrantSpec> = {}, status?: GrantStatus): Grant => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Grant',
  metadata: { name: 'g' },
  spec: { ...spec, ...more },
  ...(status === undefined ? {} : { status }),
});
const give = (more: Partial<GrantSpec> = {}, giver = user('alice'), policies = [policy()]) =>
  giveGrant({
    grant: asObject(more),
    giver,
    giverHasCredential: true,
    askedByDigest: undefined,
    policies,
    hmac,
    nowMs,
  });
/** A grant as it is after alice has given it. */
function given(more: Partial<GrantSpec> = {}): Grant & { status: GrantStatus } {
  const outcome = give(more);
  if ('refusal' in outcome) throw new Error(outcome.refusal);
  return { ...asObject(more), status: outcome.status };
}

describe('giveGrant', () => {
  test('by an approver of its rule: active, until then, and sealed', () => {
    expect(give()).toEqual({
      status: {
        phase: 'Active',
        grantedBy: 'alice',
        grantedAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-01T00:10:00.000Z',
        uses: 0,
        seal: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) as unknown as string,
      },
    });
  });

  test('asked for by a governed subject: stamped with the digest of its hold, whoever asks', () => {
    const outcome = giveGrant({
      grant: asObject({ scope: { policy: 'p', rule: 'four-eyes' } }),
      giver: user('bot', ['agents']),
      giverHasCredential: false,
      askedByDigest: 'hmac-sha256:d',
      policies: [policy()],
      hmac,
      nowMs,
    });
    expect(outcome).toMatchObject({ status: { phase: 'Active', digest: 'hmac-sha256:d' } });
    expect(outcome).not.toHaveProperty('status.grantedBy');
  });

  const rows: { situation: string; more?: Partial<GrantSpec>; giver?: UserInfo; want: string }[] = [
    {
      situation: 'by somebody else',
      giver: user('eve', ['dev']),
      want: 'eve may not give this grant: they are not among the approvers of rule "prod" of policy "p"',
    },
    {
      situation: 'to oneself',
      giver: user('bot'),
      want: 'bot may not give this grant: nobody gives themselves a permission',
    },
    {
      situation: 'by one where two are asked',
      more: { scope: { policy: 'p', rule: 'four-eyes' } },
      want:
        'alice may not give this grant: rule "four-eyes" of policy "p" asks for 2 people. ' +
        'Have the subject ask for the grant itself: that is held, and approved like anything else',
    },
    {
      situation: 'of what is allowed anyway',
      more: { scope: { policy: 'p', rule: 'free' } },
      want: 'spec.scope.rule: "free" of policy "p" is Allow: only a rule that holds can be granted',
    },
    {
      situation: 'of no policy',
      more: { scope: { policy: 'q', rule: 'prod' } },
      want: 'spec.scope: there is no policy "q"',
    },
    {
      situation: 'with everything wrong at once',
      more: { duration: 'soon', scope: { policy: 'p', rule: 'none', namespaces: ['Prod'] } },
      want:
        'spec.scope.namespaces[0]: "Prod" is no namespace\'s name, nor a pattern of a-z, 0-9, - and *\n' +
        'spec.duration: "soon" is no duration such as 90s, 15m or 2h, or longer than 24h\n' +
        'spec.scope: policy "p" has no rule "none"',
    },
  ];
  test.each(rows)('$situation: refused', ({ more, giver, want }) => {
    expect(give(more, giver)).toEqual({ refusal: want });
  });

  test('without a credential of one’s own: refused', () => {
    const input = {
      grant: asObject(),
      giver: user('alice'),
      askedByDigest: undefined,
      policies: [policy()],
      hmac,
      nowMs,
    };
    expect(giveGrant({ ...input, giverHasCredential: false })).toEqual({
      refusal:
        'alice may not give this grant: nothing shows whose credential this is, as when somebody impersonates them: decide with your own',
    });
  });
});

test('grantTermsOf: the default of a policy that holds can be granted too', () => {
  const terms = grantTermsOf({ ...spec, scope: { policy: 'p', rule: 'default' } }, [policy()]);
  expect(terms).toMatchObject({ terms: { durationSeconds: 600, hold: { approvers: sre } } });
});

describe('coversWrite', () => {
  const write: WriteRequest = {
    user: { username: 'bot', groups: ['agents'], extra: { 'holdpoint.dev/session': ['s-1'] } },
    operation: 'UPDATE',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    subresource: '',
    namespace: 'prod-eu',
    name: 'web',
    object: {},
    oldObject: {},
    request: {},
    namespaceObject: null,
  };
  const covers = (grant: Grant, more: Partial<WriteRequest> = {}, policies = [policy()]): boolean => {
    const asked = { ...write, ...more };
    const verdict = evaluateWrite(policies, asked);
    if (verdict === undefined) throw new Error('ungoverned');
    return coversWrite(grant, verdict, asked, hmac);
  };
  const deployments = [{ apiGroups: ['apps'], resources: ['deployments'], operations: ['UPDATE'] }] as const;
  const lending = policy({
    rules: [{ name: 'prod', action: 'Hold', resourceRules: everything, elevate: { groups: ['holdpoint:deployer'] } }],
  });
  const givenWhileLending = give({}, user('alice'), [lending]);
  const whileLending = 'status' in givenWhileLending ? asObject({}, givenWhileLending.status) : asObject();
  const rows: {
    situation: string;
    grant: Grant;
    more?: Partial<WriteRequest>;
    policies?: CompiledPolicy[];
    want: boolean;
  }[] = [
    { situation: 'what its rule holds', grant: given(), want: true },
    { situation: 'another user', grant: given(), more: { user: { ...write.user, username: 'bot2' } }, want: false },
    { situation: 'its session', grant: given({ subject: { username: 'bot', session: 's-1' } }), want: true },
    { situation: 'another session', grant: given({ subject: { username: 'bot', session: 's-2' } }), want: false },
    { situation: 'another rule', grant: given(), more: { namespace: 'dev' }, want: false },
    {
      situation: 'its namespace',
      grant: given({ scope: { ...spec.scope, namespaces: ['prod-*'] } }),
      want: true,
    },
    {
      situation: 'another namespace of its rule',
      grant: given({ scope: { ...spec.scope, namespaces: ['prod'] } }),
      want: false,
    },
    { situation: 'its resources', grant: given({ scope: { ...spec.scope, resourceRules: deployments } }), want: true },
    {
      situation: 'another operation',
      grant: given({ scope: { ...spec.scope, resourceRules: deployments } }),
      more: { operation: 'CREATE' },
      want: false,
    },
    {
      situation: 'done on behalf of whoever gave it',
      grant: given(),
      more: { user: { ...write.user, extra: { 'holdpoint.dev/on-behalf-of': ['alice'] } } },
      want: false,
    },
    {
      situation: 'a later end written into it',
      grant: { ...given(), status: { ...given().status, expiresAt: '2099-01-01T00:00:00.000Z' } },
      want: false,
    },
    {
      situation: 'a wider scope written into it',
      grant: { ...given({ scope: { ...spec.scope, namespaces: ['prod'] } }), spec },
      want: false,
    },
    {
      situation: 'a status that no webhook stamped',
      grant: asObject({}, { ...given().status, seal: `hmac-sha256:${'0'.repeat(64)}` }),
      want: false,
    },
    { situation: 'no status', grant: asObject(), want: false },
    { situation: 'its rule lends a permission since', grant: given(), policies: [lending], want: false },
    { situation: 'its rule lends the permission that it did', grant: whileLending, policies: [lending], want: true },
    { situation: 'its rule lends none any more', grant: whileLending, want: false },
    {
      situation: 'its rule asks others by now',
      grant: given(),
      policies: [policy({ hold: { approvers: [{ kind: 'User', name: 'carol' }] } })],
      want: false,
    },
  ];
  test.each(rows)('$situation: $want', ({ grant, more, policies, want }) => {
    expect(covers(grant, more, policies)).toBe(want);
  });

  test('a token, though a rule that names it holds: never', () => {
    const token = { operation: 'CREATE', resource: { group: '', version: 'v1', resource: 'serviceaccounts' } } as const;
    const rules = [
      {
        name: 'prod',
        action: 'Hold',
        resourceRules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], operations: ['CREATE'] }],
      },
    ] as const;
    expect(covers(given(), { ...token, subresource: 'token' }, [policy({ rules })])).toBe(false);
    expect(covers(given(), { ...token, subresource: '' }, [policy()])).toBe(true);
  });
});

describe('grantPhaseAt', () => {
  const revoked = { by: 'bob', at: '2026-01-01T00:01:00.000Z' };
  test.each([
    { situation: 'just given', grant: given(), atMs: nowMs, want: 'Active' },
    { situation: 'a moment before its end', grant: given(), atMs: nowMs + 599_999, want: 'Active' },
    { situation: 'at its end', grant: given(), atMs: nowMs + 600_000, want: 'Expired' },
    {
      situation: 'revoked',
      grant: { ...given(), status: { ...given().status, revoked } },
      atMs: nowMs,
      want: 'Revoked',
    },
    {
      situation: 'used as often as it may be',
      grant: { ...given({ maxUses: 2 }), status: { ...given({ maxUses: 2 }).status, uses: 2 } },
      atMs: nowMs,
      want: 'UsedUp',
    },
    { situation: 'never given', grant: asObject(), atMs: nowMs, want: 'Expired' },
    {
      situation: 'with an end that is no time',
      grant: { ...given(), status: { ...given().status, expiresAt: 'never' } },
      atMs: nowMs,
      want: 'Expired',
    },
  ])('$situation: $want', ({ grant, atMs, want }) => {
    expect(grantPhaseAt(grant, atMs)).toBe(want);
  });
});

describe('grantUseOf', () => {
  const asked = (more: Partial<UsingRequest> = {}): UsingRequest => ({
    requestUid: 'u',
    requestId: 'r-1',
    mayRepeat: true,
    nowMs,
    ...more,
  });
  const digest = (): string => 'd-1';
  const counted = given({ maxUses: 2 });
  const lastUse = { digest: 'd-1', requestId: 'r-1', at: '2026-01-01T00:00:00.000Z' };
  const usedOnce = { ...counted, status: { ...counted.status, uses: 1, lastUse } };
  const usedUp = { ...counted, status: { ...counted.status, uses: 2, phase: 'UsedUp' as const, lastUse } };

  test('without a limit: passes, and nothing is worked out or written', () => {
    const never = (): string => {
      throw new Error('worked out');
    };
    expect(grantUseOf(given(), asked(), never)).toEqual({ type: 'Pass' });
  });

  test('with one: counted before it passes', () => {
    expect(grantUseOf(counted, asked(), digest)).toEqual({
      type: 'Count',
      status: { ...counted.status, uses: 1, lastUse, phase: 'Active' },
    });
  });

  test.each<{ situation: string; grant: Grant; request: UsingRequest; want: string }>([
    { situation: 'the same request asked again', grant: usedOnce, request: asked(), want: 'Pass' },
    { situation: 'the last one asked again', grant: usedUp, request: asked(), want: 'Pass' },
    { situation: 'another request of the same', grant: usedUp, request: asked({ requestId: 'r-2' }), want: 'No' },
    { situation: 'one that may not repeat', grant: usedUp, request: asked({ mayRepeat: false }), want: 'No' },
    { situation: 'the same, much later', grant: usedUp, request: asked({ nowMs: nowMs + 6_000 }), want: 'No' },
    {
      situation: 'another use within its number',
      grant: usedOnce,
      request: asked({ requestId: 'r-2' }),
      want: 'Count',
    },
    { situation: 'one that is over', grant: counted, request: asked({ nowMs: nowMs + 600_000 }), want: 'No' },
  ])('$situation: $want', ({ grant, request, want }) => {
    expect(grantUseOf(grant, request, digest).type).toBe(want);
  });
});

describe('revokeGrant', () => {
  const by = user('bob', []);
  test('by a person: revoked, with the reason', () => {
    const grant = given();
    expect(revokeGrant({ grant, by, isGoverned: false, reason: 'enough', nowMs })).toEqual({
      status: {
        ...grant.status,
        phase: 'Revoked',
        revoked: { by: 'bob', reason: 'enough', at: '2026-01-01T00:00:00.000Z' },
      },
    });
  });

  test.each([
    {
      situation: 'by a governed subject',
      input: { isGoverned: true },
      want: 'bob may not revoke grant g: a governed subject decides nothing',
    },
    {
      situation: 'of one that is over',
      input: { nowMs: nowMs + 600_000 },
      want: 'grant g is Expired: there is nothing left to revoke',
    },
  ])('$situation: refused', ({ input, want }) => {
    expect(revokeGrant({ grant: given(), by, isGoverned: false, reason: undefined, nowMs, ...input })).toEqual({
      refusal: want,
    });
  });
});

import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  changeOf,
  compilePolicy,
  requestDigestOf,
  type AdmissionRequest,
  type AdmissionReviewResponse,
  type GrantStatus,
  type JsonObject,
} from '@holdpoint/core';
import { stampGrant } from './stamp-grant.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');
const compiled = compilePolicy({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: { subjects: [{ kind: 'Group', name: 'agents' }], hold: { approvers: [{ kind: 'Group', name: 'sre' }] } },
});
if ('problems' in compiled) throw new Error('it compiles');
const parts = { policies: () => [compiled.policy], hmac, credentialExtra: 'credential-id', now: () => nowMs };

const spec = { subject: { username: 'bot' }, scope: { policy: 'p', rule: 'default' }, duration: '10m' };
const given: GrantStatus = {
  phase: 'Active',
  grantedBy: 'alice',
  grantedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T00:10:00.000Z',
  uses: 0,
  seal: 'sealed',
};
const grant = (annotations: Record<string, string>, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Grant',
  metadata: { name: 'g', annotations },
  spec,
  ...more,
});
const extra = { 'credential-id': ['JTI=1'] };
const create: AdmissionRequest = {
  uid: 'u-1',
  operation: 'CREATE',
  kind: { group: 'holdpoint.dev', version: 'v1alpha1', kind: 'Grant' },
  resource: { group: 'holdpoint.dev', version: 'v1alpha1', resource: 'grants' },
  subresource: '',
  namespace: '',
  name: 'g',
  user: { username: 'alice', groups: ['sre'], extra },
  object: grant({}),
  oldObject: null,
  options: null,
  dryRun: false,
  raw: {},
};
const asJson = (status: GrantStatus): JsonObject => ({ status: status as unknown as JsonObject });
const update = (annotations: Record<string, string>, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  ...create,
  operation: 'UPDATE',
  object: grant(annotations, asJson(given)),
  oldObject: grant({}, asJson(given)),
  ...more,
});
const revoking = { 'holdpoint.dev/decision': 'revoke', 'holdpoint.dev/reason': 'enough' };

type Patch = { op: string; path: string; value?: GrantStatus }[];
const patchOf = ({ response }: AdmissionReviewResponse): Patch =>
  JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as Patch;

describe('a grant that is created', () => {
  test('by an approver: given, whatever status it came with', () => {
    const forged = grant({}, asJson({ ...given, grantedBy: 'root', expiresAt: '2099-01-01T00:00:00.000Z' }));
    const answer = stampGrant({ ...create, object: forged }, parts);
    expect(answer.response).toMatchObject({ allowed: true, auditAnnotations: { decision: 'grant', grant: 'g' } });
    expect(patchOf(answer)).toMatchObject([
      {
        op: 'add',
        path: '/status',
        value: { phase: 'Active', grantedBy: 'alice', expiresAt: '2026-01-01T00:15:00.000Z', uses: 0 },
      },
    ]);
  });

  test('by a governed subject: noted with its hold’s digest, and nobody has given it', () => {
    const request = { ...create, user: { username: 'bot', groups: ['agents'], extra } };
    const [stamped] = patchOf(stampGrant(request, parts));
    expect(stamped?.value).toMatchObject({ digest: requestDigestOf(request, changeOf(request), hmac) });
    expect(stamped?.value).not.toHaveProperty('grantedBy');
  });

  test('that is none by its schema: left to the API server, unstamped', () => {
    const answer = stampGrant({ ...create, object: { ...grant({}), spec: { subject: 'bot' } } }, parts);
    expect(answer.response).toEqual({ uid: 'u-1', allowed: true, auditAnnotations: {} });
  });

  test.each([
    {
      situation: 'by nobody’s approver',
      user: { username: 'eve', groups: [], extra },
      want: 'not among the approvers',
    },
    {
      situation: 'in an approver’s name, without their credential',
      user: { ...create.user, extra: {} },
      want: 'nothing shows whose credential this is',
    },
  ])('$situation: refused', ({ user, want }) => {
    const { response } = stampGrant({ ...create, user }, parts);
    expect([response.allowed, response.status?.code]).toEqual([false, 403]);
    expect(response.status?.message).toContain(want);
  });
});

describe('a grant that is updated', () => {
  test('annotated to be revoked: revoked, and the annotations are gone', () => {
    const answer = stampGrant(update(revoking, { user: { username: 'bob', groups: [], extra } }), parts);
    expect(answer.response.auditAnnotations).toEqual({ decision: 'revoke', grant: 'g', reason: 'enough' });
    const revoked = { by: 'bob', reason: 'enough', at: '2026-01-01T00:05:00.000Z' };
    expect(patchOf(answer)).toEqual([
      { op: 'add', path: '/status', value: { ...given, phase: 'Revoked', revoked } },
      { op: 'remove', path: '/metadata/annotations/holdpoint.dev~1decision' },
      { op: 'remove', path: '/metadata/annotations/holdpoint.dev~1reason' },
    ]);
  });

  test('annotated with something else: left alone', () => {
    const answer = stampGrant(update({ team: 'shop' }), parts);
    expect(answer.response).toEqual({ uid: 'u-1', allowed: true, auditAnnotations: {} });
  });

  test.each<{ situation: string; request: AdmissionRequest; want: string }>([
    {
      situation: 'its spec is written over',
      request: update({}, { object: grant({}, { ...asJson(given), spec: { ...spec, duration: '24h' } }) }),
      want: "a grant's spec is not changed by hand",
    },
    {
      situation: 'its status is written over',
      request: update({}, { object: grant({}, asJson({ ...given, uses: 9 })) }),
      want: "a grant's status is not changed by hand",
    },
    {
      situation: 'it is to be approved',
      request: update({ 'holdpoint.dev/decision': 'approve' }),
      want: 'a grant is only ever revoked: revoke',
    },
    {
      situation: 'a reason for nothing',
      request: update({ 'holdpoint.dev/reason': 'enough' }),
      want: 'holdpoint.dev/decision says what. Set both.',
    },
    {
      situation: 'the annotation was there before, from nobody knows whom',
      request: update(revoking, { oldObject: grant(revoking, asJson(given)) }),
      want: 'nobody knows from whom',
    },
    {
      situation: 'a governed subject revokes',
      request: update(revoking, { user: { username: 'bot2', groups: ['agents'], extra } }),
      want: 'a governed subject decides nothing',
    },
    {
      situation: 'it is over already',
      request: update(revoking, {
        object: grant(revoking, asJson({ ...given, expiresAt: '2026-01-01T00:01:00.000Z' })),
        oldObject: grant({}, asJson({ ...given, expiresAt: '2026-01-01T00:01:00.000Z' })),
      }),
      want: 'grant g is Expired: there is nothing left to revoke',
    },
  ])('$situation: refused', ({ request, want }) => {
    const { response } = stampGrant(request, parts);
    expect([response.allowed, response.patch]).toEqual([false, undefined]);
    expect(response.status?.message).toContain(want);
  });
});

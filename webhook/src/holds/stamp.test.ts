import { describe, expect, test } from '@jest/globals';
import {
  compilePolicy,
  type AdmissionRequest,
  type Hold,
  type HoldSpec,
  type HoldStatus,
  type JsonObject,
  type JsonValue,
} from '@holdpoint/core';
import { stamp } from './stamp.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const spec: HoldSpec = {
  subject: { username: 'bot', groups: ['agents'] },
  request: {
    operation: 'UPDATE',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    kind: 'Deployment',
  },
  digest: `hmac-sha256:${'0'.repeat(64)}`,
  change: { type: 'Update', patch: [] },
  policy: 'p',
  rule: 'r',
  approvers: [{ kind: 'Group', name: 'sre' }],
  minApprovals: 1,
  expiresAt: '2026-01-01T01:00:00.000Z',
  useWithinSeconds: 600,
  pauseForSeconds: 300,
};
const pending: HoldStatus = { phase: 'Pending', decisions: [] };
const hold = (annotations: Record<string, string> | undefined, more: Partial<Hold> = {}): JsonObject =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name: 'h-1', ...(annotations === undefined ? {} : { annotations }) },
    spec,
    status: pending,
    ...more,
  }) as unknown as JsonObject;
const deciding = (verdict: string, reason?: string): Record<string, string> => ({
  'holdpoint.dev/decision': verdict,
  ...(reason === undefined ? {} : { 'holdpoint.dev/reason': reason }),
});

const ownCredential = { 'credential-id': ['JTI=1'] };
const update: AdmissionRequest = {
  uid: 'u-1',
  operation: 'UPDATE',
  kind: { group: 'holdpoint.dev', version: 'v1alpha1', kind: 'Hold' },
  resource: { group: 'holdpoint.dev', version: 'v1alpha1', resource: 'holds' },
  subresource: '',
  namespace: '',
  name: 'h-1',
  user: { username: 'alice', groups: ['sre'], extra: ownCredential },
  object: hold(deciding('approve')),
  oldObject: hold(undefined),
  options: null,
  dryRun: false,
  raw: {},
};
const compiled = compilePolicy({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: { subjects: [{ kind: 'Group', name: 'agents' }] },
});
const policies = 'policy' in compiled ? [compiled.policy] : [];

const allow = { uid: 'u-1', allowed: true, auditAnnotations: {} };
const refuse = (message: string) => ({
  uid: 'u-1',
  allowed: false,
  auditAnnotations: { decision: 'deny' },
  status: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: 'Forbidden',
    code: 403,
  },
});
const patch = (operations: JsonValue[], auditAnnotations: Record<string, string>) => ({
  uid: 'u-1',
  allowed: true,
  auditAnnotations,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const at = '2026-01-01T00:05:00.000Z';
const withoutDecision = { op: 'remove', path: '/metadata/annotations/holdpoint.dev~1decision' };
const withoutReason = { op: 'remove', path: '/metadata/annotations/holdpoint.dev~1reason' };
const byHand = (field: string): string =>
  `a hold's ${field} is not changed by hand: decide it by annotating it with holdpoint.dev/decision=approve|deny.`;

describe('stamp', () => {
  const rows: { situation: string; request: Partial<AdmissionRequest>; want: object }[] = [
    {
      situation: 'an approval: becomes a decision by whoever asks, and the annotation goes',
      request: {},
      want: patch(
        [
          {
            op: 'add',
            path: '/status',
            value: {
              phase: 'Approved',
              decisions: [{ by: 'alice', verdict: 'approve', at }],
              useBefore: '2026-01-01T00:15:00.000Z',
            },
          },
          withoutDecision,
        ],
        { decision: 'approve', hold: 'h-1' },
      ),
    },
    {
      situation: 'a denial with its reason: both go into the decision',
      request: { object: hold(deciding('deny', 'Not on a Friday.')) },
      want: patch(
        [
          {
            op: 'add',
            path: '/status',
            value: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', reason: 'Not on a Friday.', at }] },
          },
          withoutDecision,
          withoutReason,
        ],
        { decision: 'deny', hold: 'h-1', reason: 'Not on a Friday.' },
      ),
    },
    {
      situation: 'an empty reason: goes too',
      request: { object: hold(deciding('deny', '')) },
      want: patch(
        [
          { op: 'add', path: '/status', value: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', at }] } },
          withoutDecision,
          withoutReason,
        ],
        { decision: 'deny', hold: 'h-1', reason: '' },
      ),
    },
    {
      situation: 'a hold that has no status yet: gets one',
      request: {
        object: hold(deciding('deny'), { status: undefined }),
        oldObject: hold(undefined, { status: undefined }),
      },
      want: patch(
        [
          { op: 'add', path: '/status', value: { phase: 'Denied', decisions: [{ by: 'alice', verdict: 'deny', at }] } },
          withoutDecision,
        ],
        { decision: 'deny', hold: 'h-1' },
      ),
    },
    { situation: 'another annotation: none of our business', request: { object: hold({ note: 'x' }) }, want: allow },
    { situation: 'no annotations at all: passes', request: { object: hold(undefined) }, want: allow },
    {
      situation: 'a forged author in the annotations: counts for nothing',
      request: {
        object: hold({ ...deciding('approve'), 'holdpoint.dev/by': 'bob' }),
        user: { username: 'mallory', groups: [], extra: ownCredential },
      },
      want: refuse('mallory may not decide hold h-1: they are not among its approvers'),
    },
    {
      situation: 'an approver whom somebody impersonates, and so without a credential: refused',
      request: { user: { username: 'alice', groups: ['sre'], extra: {} } },
      want: refuse(
        'alice may not decide hold h-1: nothing shows whose credential this is, as when somebody impersonates them: decide with your own',
      ),
    },
    {
      situation: 'who asked: refused',
      request: { user: { username: 'bot', groups: ['sre'], extra: ownCredential } },
      want: refuse('bot may not decide hold h-1: nobody decides what they asked for themselves'),
    },
    {
      situation: 'a governed subject that is an approver: refused',
      request: { user: { username: 'bot-2', groups: ['agents', 'sre'], extra: ownCredential } },
      want: refuse('bot-2 may not decide hold h-1: a governed subject decides nothing'),
    },
    {
      situation: 'neither yes nor no: refused',
      request: { object: hold(deciding('maybe')) },
      want: refuse('holdpoint.dev/decision: expected approve or deny, got "maybe"'),
    },
    {
      situation: 'a reason alone: refused',
      request: { object: hold({ 'holdpoint.dev/reason': 'x' }) },
      want: refuse('holdpoint.dev/reason says why; holdpoint.dev/decision says what. Set both.'),
    },
    {
      situation: 'the status changed by hand: refused',
      request: { object: hold(undefined, { status: { ...pending, phase: 'Approved' } }) },
      want: refuse(byHand('status')),
    },
    {
      situation: 'the status changed beside a decision: refused',
      request: {
        object: hold(deciding('approve'), {
          status: { ...pending, decisions: [{ by: 'bob', verdict: 'approve', at }] },
        }),
      },
      want: refuse(byHand('status')),
    },
    {
      situation: 'the status taken away: refused',
      request: { object: hold(undefined, { status: undefined }) },
      want: refuse(byHand('status')),
    },
    {
      situation: 'the approvers changed: refused',
      request: {
        object: hold(deciding('approve'), { spec: { ...spec, approvers: [{ kind: 'User', name: 'alice' }] } }),
      },
      want: refuse(byHand('spec')),
    },
    {
      situation: 'the spec in another order of keys: is the same',
      request: {
        object: hold(undefined, { spec: Object.fromEntries(Object.entries(spec).toReversed()) as unknown as HoldSpec }),
      },
      want: allow,
    },
    {
      situation:
        'a decision that stood there before anybody guarded it, and something else now: is not the word of who writes now',
      request: { object: hold({ ...deciding('approve'), note: 'x' }), oldObject: hold(deciding('approve')) },
      want: refuse('holdpoint.dev/decision was there before, and nobody knows from whom: remove it, then decide.'),
    },
    {
      situation: 'such a decision removed: passes',
      request: { object: hold({ note: 'x' }), oldObject: hold(deciding('approve')) },
      want: allow,
    },
    {
      situation: 'a hold created by hand: refused',
      request: { operation: 'CREATE', oldObject: null },
      want: refuse('holds are created by Holdpoint, from a request that is held.'),
    },
    {
      situation: 'an update without an object: refused',
      request: { object: null },
      want: refuse('the update carries no object.'),
    },
    {
      situation: 'an update without an old one: refused',
      request: { oldObject: null },
      want: refuse('the update carries no object.'),
    },
  ];
  test.each(rows)('$situation', ({ request, want }) => {
    const got = stamp(
      { ...update, ...request },
      { policies: () => policies, credentialExtra: 'credential-id', now: () => nowMs },
    );
    expect(got).toEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: want });
  });
});

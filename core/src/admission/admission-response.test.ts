import { describe, expect, test } from '@jest/globals';
import { allowed, denied, errored, held, patched, type AdmissionReviewResponse } from './admission-response.ts';

const annotations = { decision: 'deny', policy: 'p' };
const causes = [{ reason: 'HoldpointHold', field: 'holdpoint.dev/hold', message: 'h-1' }];
const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' } as const;

describe('the body, whole', () => {
  const rows: { situation: string; got: AdmissionReviewResponse; want: AdmissionReviewResponse['response'] }[] = [
    {
      situation: 'allowed: without a word',
      got: allowed('u', {}),
      want: { uid: 'u', allowed: true, auditAnnotations: {} },
    },
    {
      situation: 'allowed with a warning',
      got: allowed('u', annotations, 'approved by alice (h-1)'),
      want: { uid: 'u', allowed: true, auditAnnotations: annotations, warnings: ['approved by alice (h-1)'] },
    },
    {
      situation: 'a warning of 120 characters: whole',
      got: allowed('u', {}, 'x'.repeat(120)),
      want: { uid: 'u', allowed: true, auditAnnotations: {}, warnings: ['x'.repeat(120)] },
    },
    {
      situation: 'a longer one: cut to 120',
      got: allowed('u', {}, 'x'.repeat(121)),
      want: { uid: 'u', allowed: true, auditAnnotations: {}, warnings: [`${'x'.repeat(119)}…`] },
    },
    {
      situation: 'denied: 403, without details where there is no cause',
      got: denied('u', 'no', annotations),
      want: {
        uid: 'u',
        allowed: false,
        auditAnnotations: annotations,
        status: { ...failure, message: 'no', reason: 'Forbidden', code: 403 },
      },
    },
    {
      situation: 'denied with causes',
      got: denied('u', 'no', annotations, causes),
      want: {
        uid: 'u',
        allowed: false,
        auditAnnotations: annotations,
        status: { ...failure, message: 'no', reason: 'Forbidden', code: 403, details: { causes } },
      },
    },
    {
      situation: 'held: 429, and when to ask again',
      got: held('u', 'wait', annotations, { causes, retryAfterSeconds: 30 }),
      want: {
        uid: 'u',
        allowed: false,
        auditAnnotations: annotations,
        status: {
          ...failure,
          message: 'wait',
          reason: 'TooManyRequests',
          code: 429,
          details: { causes, retryAfterSeconds: 30 },
        },
      },
    },
    {
      situation: 'errored: 500, closed',
      got: errored('u', 'broken'),
      want: { uid: 'u', allowed: false, status: { ...failure, message: 'broken', reason: 'InternalError', code: 500 } },
    },
    {
      situation: 'patched: allowed, with the patch in base64',
      got: patched('u', [{ op: 'remove', path: '/a' }], (text) => Buffer.from(text).toString('base64'), annotations),
      want: {
        uid: 'u',
        allowed: true,
        auditAnnotations: annotations,
        patchType: 'JSONPatch',
        patch: 'W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2EifV0=',
      },
    },
  ];
  test.each(rows)('$situation', ({ got, want }) => {
    expect(got).toStrictEqual({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: want });
  });
});

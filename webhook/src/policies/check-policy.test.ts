import { describe, expect, test } from '@jest/globals';
import type { AdmissionRequest, JsonObject } from '@holdpoint/core';
import { checkPolicy } from './check-policy.ts';

const request = (spec: JsonObject): AdmissionRequest => ({
  uid: 'u-1',
  operation: 'CREATE',
  kind: { group: 'holdpoint.dev', version: 'v1alpha1', kind: 'AccessPolicy' },
  resource: { group: 'holdpoint.dev', version: 'v1alpha1', resource: 'accesspolicies' },
  subresource: '',
  namespace: '',
  name: 'p',
  user: { username: 'admin', groups: [], extra: {} },
  object: { metadata: { name: 'p' }, spec: { subjects: [{ kind: 'Group', name: 'agents' }], ...spec } },
  oldObject: null,
  options: null,
  dryRun: false,
  raw: {},
});
const resourceRules = [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }];

describe('checkPolicy', () => {
  test('a policy that compiles: allowed', () => {
    const hold = { approvers: [{ kind: 'Group', name: 'sre' }] };
    expect(checkPolicy(request({ hold }), ['chat']).response).toEqual({
      uid: 'u-1',
      allowed: true,
      auditAnnotations: {},
    });
  });

  test('one whose holds nobody could decide: refused', () => {
    expect(checkPolicy(request({}), ['chat']).response).toMatchObject({
      allowed: false,
      status: { details: { causes: [{ field: 'spec.hold.approvers' }] } },
    });
  });

  test('one that tells a receiver nobody knows: refused, and it is said who is known', () => {
    const hold = { approvers: [{ kind: 'Group', name: 'sre' }] };
    const notify = [{ receiver: 'chat' }, { receiver: 'pager' }];
    const message = '"pager" is no receiver in the webhook\'s receivers file; known: chat';
    expect(checkPolicy(request({ hold, notify }), ['chat']).response).toMatchObject({
      allowed: false,
      status: {
        message: `spec.notify[1].receiver: ${message}`,
        details: { causes: [{ reason: 'FieldValueInvalid', field: 'spec.notify[1].receiver', message }] },
      },
    });
  });

  test('one that does not: refused, with every path and reason, for people and for programs', () => {
    const rules = [
      { name: 'r', action: 'Deny', resourceRules, matchConditions: [{ name: 'c', expression: 'reqest == null' }] },
    ];
    const duration = '"soon" is not a duration such as 90s, 10m or 1h30m';
    const variable =
      'CEL does not compile: Unknown variable: reqest; available: object, oldObject, request, namespaceObject';
    expect(checkPolicy(request({ hold: { pauseFor: 'soon' }, rules }), ['chat']).response).toEqual({
      uid: 'u-1',
      allowed: false,
      auditAnnotations: { decision: 'deny' },
      status: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        reason: 'Forbidden',
        code: 403,
        message: `spec.hold.pauseFor: ${duration}\nspec.rules[0].matchConditions[0].expression: ${variable}`,
        details: {
          causes: [
            { reason: 'FieldValueInvalid', field: 'spec.hold.pauseFor', message: duration },
            { reason: 'FieldValueInvalid', field: 'spec.rules[0].matchConditions[0].expression', message: variable },
          ],
        },
      },
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startScenario, type Stack } from '@holdpoint/local';
import { requestJson } from '../src/request-json.ts';

/** Bad input gets an answer that says where, what, and what to do. */
describe('bad input', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startScenario();
  }, 180_000);
  afterAll(async () => {
    await stack?.close();
  }, 60_000);

  test.each([
    { situation: 'no JSON', body: '{"kind":', wantUid: '', wantMessage: 'ERR_ADMISSION_REVIEW_INVALID' },
    { situation: 'another kind', body: '{"kind":"Pod"}', wantUid: '', wantMessage: 'kind: expected "AdmissionReview"' },
    {
      situation: 'no operation, but a uid to answer to',
      body: JSON.stringify({
        kind: 'AdmissionReview',
        apiVersion: 'admission.k8s.io/v1',
        request: {
          uid: 'u-1',
          kind: { group: '', version: 'v1', kind: 'Pod' },
          resource: { group: '', version: 'v1', resource: 'pods' },
        },
      }),
      wantUid: 'u-1',
      wantMessage: 'request.operation: expected a string, got nothing',
    },
  ])('webhook: $situation is an explicit refusal', async ({ body, wantUid, wantMessage }) => {
    const answer = await requestJson(`${stack.service('webhook').url}/validate`, {
      method: 'POST',
      body,
      caFile: stack.caFile,
    });
    expect(answer).toMatchObject({
      code: 200,
      body: { kind: 'AdmissionReview', response: { uid: wantUid, allowed: false, status: { code: 500 } } },
    });
    expect(JSON.stringify(answer.body)).toContain(JSON.stringify(wantMessage).slice(1, -1));
  });

  const policy = (rule: object): string =>
    JSON.stringify({
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'broken' },
      spec: { subjects: [{ kind: 'Group', name: 'others' }], rules: [rule] },
    });
  const everything = [{ apiGroups: ['*'], resources: ['*'], operations: ['*'] }];
  test.each([
    {
      situation: 'CEL with an unknown variable',
      rule: {
        name: 'a',
        action: 'Allow',
        resourceRules: everything,
        matchConditions: [{ name: 'c', expression: 'reqest.name == ""' }],
      },
      want: ['spec.rules[0].matchConditions[0].expression', 'reqest', 'available: object, oldObject, request'],
    },
    {
      situation: 'a namespace pattern that could match none',
      rule: { name: 'a', action: 'Allow', resourceRules: everything, namespaces: ['Prod*'] },
      want: ['spec.rules[0].namespaces[0]', '"Prod*"'],
    },
    {
      situation: 'a hold that nobody could decide',
      rule: { name: 'a', action: 'Hold', resourceRules: everything },
      want: ['spec.rules[0].hold.approvers', 'spec.hold.approvers', 'nobody could decide'],
    },
    {
      situation: 'an action that does not exist',
      rule: { name: 'a', action: 'Maybe', resourceRules: everything },
      want: ['spec.rules[0].action', 'Maybe'],
    },
    {
      situation: 'hold settings on a rule that does not hold',
      rule: { name: 'a', action: 'Allow', resourceRules: everything, hold: { minApprovals: 2 } },
      want: ['spec.rules[0].hold', 'only a rule with action Hold'],
    },
  ])('policy: $situation is refused at apply, with path and reason', async ({ rule, want }) => {
    const answer = await stack.kubectl('admin', ['apply', '-f', '-'], { input: policy(rule) });
    expect(answer.code).not.toBe(0);
    for (const each of want) expect(answer.stderr).toContain(each);
    const left = await stack.kubectl('admin', ['get', 'accesspolicy', 'broken', '--ignore-not-found']);
    expect(left.stdout).toBe('');
  });

  test.each<{ situation: string; headers: Record<string, string> }>([
    { situation: 'no token', headers: {} },
    { situation: 'a token that is none', headers: { authorization: 'Bearer abc' } },
    { situation: 'another scheme', headers: { authorization: 'Basic YTpi' } },
  ])('proxy: $situation is answered 401, and not told why', async ({ headers }) => {
    const url = `${stack.service('proxy').url}/api/v1/namespaces/prod/secrets`;
    const answer = await requestJson(url, { method: 'GET', caFile: stack.caFile, headers });
    expect(answer).toMatchObject({ code: 401, body: { kind: 'Status', status: 'Failure', reason: 'Unauthorized' } });
  });

  test('proxy: kubectl with a token that is none says that it is not logged in', async () => {
    const answer = await stack.kubectl('agent', ['get', 'pods', '--token=abc']);
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toMatch(/Unauthorized|must be logged in/i);
  });

  test('proxy: somebody whom no policy governs is told to use the API server', async () => {
    const headers = { authorization: `Bearer ${await stack.token('person')}` };
    const url = `${stack.service('proxy').url}/api/v1/namespaces/prod/pods`;
    const answer = await requestJson(url, { method: 'GET', caFile: stack.caFile, headers });
    expect(answer).toMatchObject({ code: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    expect(JSON.stringify(answer.body)).toContain('API server');
  });

  test('approvals: an unknown hold is said to be unknown, and where to look', async () => {
    const answer = await stack.approvals('approver', ['approve', 'h-none-such']);
    expect(answer).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Error: hold "h-none-such" not found. See what is pending with "approvals list", and all of them with "approvals list --all".\n',
    });
  });
});

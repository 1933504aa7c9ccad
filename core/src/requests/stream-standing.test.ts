import { expect, test } from '@jest/globals';
import type { Grant } from '../grants/grant.ts';
import type { AccessPolicySpec } from '../policy/access-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compile-policy.ts';
import { requestInfoOf } from './request-info.ts';
import { connectOf, endOfFooting, footingOf } from './stream-standing.ts';

const user = { username: 'coding-agent', groups: ['ai-agents'], extra: {} };
const options = { container: '', command: ['sh', '-c', 'id'], stdin: false, stdout: true, stderr: true, tty: false };
const info = requestInfoOf('POST', '/api/v1/namespaces/prod/pods/p/exec?command=sh');
if ('refused' in info) throw new Error(info.message);
const write = connectOf(user, info, options);
const nowMs = Date.parse('2026-01-01T00:10:00Z');

const resourceRules = [{ apiGroups: [''], resources: ['pods/exec'], operations: ['CONNECT'] as const }];
function policiesWith(...rules: NonNullable<AccessPolicySpec['rules']>): CompiledPolicy[] {
  const spec: AccessPolicySpec = { subjects: [{ kind: 'Group', name: 'ai-agents' }], defaultAction: 'Allow', rules };
  const compiled = compilePolicy({ apiVersion: 'v1', kind: 'AccessPolicy', metadata: { name: 'p' }, spec });
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return [compiled.policy];
}
const allowed = policiesWith();
const held = policiesWith({ name: 'terminals', action: 'Hold', resourceRules });
const denied = policiesWith({ name: 'terminals', action: 'Deny', message: 'not today', resourceRules });
const unknowable = policiesWith({
  name: 'x',
  action: 'Hold',
  resourceRules,
  namespaceSelector: { matchLabels: { a: 'b' } },
});

function grantOf(status: Partial<Grant['status']> = {}, rule = 'terminals'): Grant {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Grant',
    metadata: { name: 'g' },
    spec: { subject: { username: 'coding-agent' }, scope: { policy: 'p', rule }, duration: '15m', maxUses: 1 },
    status: {
      phase: 'Active',
      grantedAt: '2026-01-01T00:00:00Z',
      expiresAt: '2026-01-01T00:15:00Z',
      uses: 0,
      seal: '',
      ...status,
    },
  };
}
const revoked = { revoked: { by: 'alice', at: '2026-01-01T00:05:00Z' } };

test('is asked as admission is: a CONNECT, with the options as its object', () => {
  expect(write).toMatchObject({
    operation: 'CONNECT',
    subresource: 'exec',
    namespace: 'prod',
    name: 'p',
    object: { kind: 'PodExecOptions', command: ['sh', '-c', 'id'], stdin: false },
    request: { userInfo: { username: 'coding-agent' }, subResource: 'exec' },
  });
});

interface Row {
  situation: string;
  then: { policies: CompiledPolicy[]; grants?: Grant[]; wasHeld?: boolean };
  now: { policies: CompiledPolicy[]; grants?: Grant[]; at?: number };
  want: string | undefined;
}
const over = 'grant g has been taken back or is over';

test.each<Row>([
  { situation: 'nothing has changed', then: { policies: allowed }, now: { policies: allowed }, want: undefined },
  { situation: 'a rule denies it now', then: { policies: allowed }, now: { policies: denied }, want: 'not today' },
  { situation: 'a rule holds it now', then: { policies: allowed }, now: { policies: held }, want: undefined },
  {
    situation: 'a rule cannot be answered here, then and now',
    then: { policies: unknowable },
    now: { policies: denied },
    want: undefined,
  },
  {
    situation: 'its grant is taken back',
    then: { policies: held, grants: [grantOf()] },
    now: { policies: held, grants: [grantOf(revoked)] },
    want: over,
  },
  {
    situation: 'its grant is deleted',
    then: { policies: held, grants: [grantOf()] },
    now: { policies: held },
    want: over,
  },
  {
    situation: 'its grant’s time is over',
    then: { policies: held, grants: [grantOf()] },
    now: { policies: held, grants: [grantOf()], at: nowMs + 600_000 },
    want: over,
  },
  {
    situation: 'its grant is used up, by this very session',
    then: { policies: held, grants: [grantOf()] },
    now: { policies: held, grants: [grantOf({ uses: 1 })] },
    want: undefined,
  },
  {
    situation: 'its grant is taken back, and no longer needed',
    then: { policies: held, grants: [grantOf()] },
    now: { policies: allowed, grants: [grantOf(revoked)] },
    want: undefined,
  },
  {
    situation: 'a person approved it, and a grant that covers it too is taken back',
    then: { policies: held, grants: [grantOf()], wasHeld: true },
    now: { policies: held, grants: [grantOf(revoked)] },
    want: undefined,
  },
  {
    situation: 'a grant of another rule is taken back',
    then: { policies: held, grants: [grantOf({}, 'other')] },
    now: { policies: held, grants: [grantOf(revoked, 'other')] },
    want: undefined,
  },
])('when $situation: $want', ({ then, now, want }) => {
  const footing = footingOf(then.policies, then.grants ?? [], write, then.wasHeld ?? false, nowMs);
  expect(endOfFooting(footing, now.policies, now.grants ?? [], write, now.at ?? nowMs)).toBe(want);
});

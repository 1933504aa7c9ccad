import { expect, test } from '@jest/globals';
import {
  compilePolicy,
  requestInfoOf,
  type AccessPolicySpec,
  type CompiledPolicy,
  type RequestInfo,
} from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { createOpenSessions } from './open-sessions.ts';
import { createStandings } from './stream-standing.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const url = '/api/v1/namespaces/a/pods/p/exec?command=id';
const request = {
  method: 'GET',
  url,
  info: requestInfoOf('GET', url) as RequestInfo,
  query: [],
  token: '',
  headers: {},
  requestId: 'r',
  user: { username: 'coding-agent', groups: [], extra: {} },
};
function policyWith(spec: Partial<AccessPolicySpec>): CompiledPolicy {
  const subjects = [{ kind: 'User' as const, name: 'coding-agent' }];
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: 'a' },
    spec: { subjects, defaultAction: 'Allow', exec: { record: 'Off' }, ...spec },
  });
  if (!('policy' in result)) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}
const resourceRules = [{ apiGroups: [''], resources: ['pods/exec'], operations: ['CONNECT' as const] }];

test.each<{ situation: string; later: CompiledPolicy[]; isRecorded?: boolean; want: unknown }>([
  { situation: 'nothing has changed', later: [policyWith({})], want: undefined },
  {
    situation: 'a rule denies it',
    later: [policyWith({ rules: [{ name: 'no', action: 'Deny', message: 'no more', resourceRules }] })],
    want: { code: 403, message: 'this exec session was ended: no more' },
  },
  {
    situation: 'no policy governs its user any more',
    later: [],
    want: { code: 403, message: expect.stringContaining('no AccessPolicy governs you') },
  },
  {
    situation: 'it must be recorded, and is not',
    later: [policyWith({ exec: { record: 'Required' } })],
    want: { code: 403, message: expect.stringContaining('must be recorded now') },
  },
  {
    situation: 'it must be recorded, and is',
    later: [policyWith({ exec: { record: 'Required' } })],
    isRecorded: true,
    want: undefined,
  },
])('of an open session, when $situation', ({ later, isRecorded = false, want }) => {
  let policies = [policyWith({})];
  const parts = { policies: () => policies, grants: () => [], aggregatedGroups: () => new Set<string>(), now: () => 0 };
  const sessions = createOpenSessions(createStandings(parts), silent);
  const { revoked } = sessions.open({ request, isTerminal: true, isRecorded, wasHeld: false });
  sessions.review();
  expect(revoked.aborted).toBe(false);
  policies = later;
  sessions.review();
  if (want === undefined) expect(revoked.aborted).toBe(false);
  else expect(revoked.reason).toMatchObject(want as object);
});

test('a session that is closed is not asked about again', () => {
  let asked = 0;
  const sessions = createOpenSessions(
    () => () => {
      asked += 1;
      return undefined;
    },
    silent,
  );
  const session = sessions.open({ request, isTerminal: true, isRecorded: true, wasHeld: false });
  sessions.review();
  session.close();
  sessions.review();
  expect(asked).toBe(1);
});

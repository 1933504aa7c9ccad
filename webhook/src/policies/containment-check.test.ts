import { expect, test } from '@jest/globals';
import type { AccessPolicy } from '@holdpoint/core';
import type { AccessQuestion } from '@holdpoint/platform';
import { checkContainment } from './containment-check.ts';

const policy = {
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: {
    subjects: [
      { kind: 'Group', name: 'agents' },
      { kind: 'User', name: 'bot' },
    ],
  },
} as AccessPolicy;

test.each<{ situation: string; allows: (question: AccessQuestion) => boolean; wantStatus: string; want: string }>([
  {
    situation: 'nothing',
    allows: () => false,
    wantStatus: 'True',
    want: 'RBAC lets its subjects do nothing that admission is not asked about',
  },
  {
    situation: 'one subject may speak as anybody',
    allows: ({ user, verb, resource }) => user === 'bot' && verb === 'impersonate' && resource === 'users',
    wantStatus: 'False',
    want: 'admission is not asked about this, and RBAC allows it. Take it away. User bot: impersonate users',
  },
  {
    situation: 'a group may speak as the service accounts of one namespace',
    allows: ({ groups, resource, namespace }) =>
      groups.includes('agents') && resource === 'serviceaccounts' && namespace === 'dev',
    wantStatus: 'False',
    want: 'admission is not asked about this, and RBAC allows it. Take it away. Group agents: impersonate serviceaccounts in 1 namespace',
  },
  {
    situation: 'a group may rewrite admission',
    allows: ({ user, resource }) => user === undefined && resource === 'mutatingwebhookconfigurations',
    wantStatus: 'False',
    want: 'admission is not asked about this, and RBAC allows it. Take it away. Group agents: create, update, patch, delete mutatingwebhookconfigurations',
  },
])('$situation', async ({ allows, wantStatus, want }) => {
  const condition = await checkContainment(policy, (question) => Promise.resolve(allows(question)), ['dev', 'prod']);
  expect([condition.type, condition.status, condition.message]).toEqual(['Contained', wantStatus, want]);
});

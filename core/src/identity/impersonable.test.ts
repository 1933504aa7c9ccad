import { expect, test } from '@jest/globals';
import { impersonationProblem } from './impersonable.ts';

const agent = 'system:serviceaccount:agents:coder';

test.each<[string, string, string[]]>([
  ['a user of an issuer', 'oidc:carol', ['sre', 'system:authenticated']],
  ['a name that only looks like one of the system', 'not-system:admin', []],
  ['a service account, with its groups', agent, ['system:serviceaccounts', 'system:serviceaccounts:agents']],
])('%s may be impersonated', (_situation, username, groups) => {
  expect(impersonationProblem({ username, groups })).toBeUndefined();
});

test.each<[string, string, string[], string]>([
  ['nobody', '', [], 'a user without a name cannot be impersonated'],
  ['an administrator’s group', 'carol', ['system:masters'], `the group "system:masters" is the cluster's own`],
  ['the same in capitals', 'carol', ['SYSTEM:masters'], `the group "SYSTEM:masters" is the cluster's own`],
  ['a node', 'system:node:node-1', [], `the user "system:node:node-1" is the cluster's own`],
  ['a controller', 'system:kube-controller-manager', [], `is the cluster's own`],
  ['nobody’s name', 'system:anonymous', [], `is the cluster's own`],
  [
    'a service account of the control plane',
    'system:serviceaccount:kube-system:x',
    [],
    'service accounts of kube-system',
  ],
  ['our own', 'system:serviceaccount:holdpoint-system:holdpoint-proxy', [], 'service accounts of holdpoint-system'],
  ['a service account in another’s group', agent, ['system:serviceaccounts:kube-system'], `is the cluster's own`],
  ['a person in a service account’s group', 'carol', ['system:serviceaccounts'], `is the cluster's own`],
  ['a service account without a name', 'system:serviceaccount:agents:', [], `is the cluster's own`],
  ['one with more parts', 'system:serviceaccount:agents:a:b', [], `is the cluster's own`],
])('%s may not', (_situation, username, groups, want) => {
  expect(impersonationProblem({ username, groups })).toContain(want);
});

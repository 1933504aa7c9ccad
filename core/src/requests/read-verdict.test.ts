import { expect, test } from '@jest/globals';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy, AccessPolicySpec } from '../policy/access-policy.ts';
import { evaluateRead, execRecordingOf, isInputRecordedFor } from './read-verdict.ts';
import { requestInfoOf } from './request-info.ts';

const agent: UserInfo = { username: 'coding-agent', groups: ['ai-agents'], extra: {} };

function policy(name: string, spec: Partial<AccessPolicySpec>): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [{ kind: 'Group', name: 'ai-agents' }], ...spec },
  };
}

function judge(policies: AccessPolicy[], method: string, url: string, unseen: string[] = []): [string, string, string] {
  const info = requestInfoOf(method, url);
  if ('refused' in info) throw new Error(info.message);
  const verdict = evaluateRead(policies, agent, info, new Set(unseen));
  return [verdict.action, verdict.policy, verdict.rule];
}

const open = policy('open', {});
const everything = policy('everything', {
  reads: { rules: [{ name: 'all', action: 'Allow', verbs: ['*'], apiGroups: ['*'], resources: ['*/*'] }] },
});
const named = policy('named', {
  reads: {
    rules: [
      { name: 'tunnel', action: 'Allow', verbs: ['get'], resources: ['nodes/proxy'] },
      { name: 'webhooks', action: 'Allow', verbs: ['patch'], apiGroups: ['admissionregistration.k8s.io'] },
      { name: 'metrics', action: 'Allow', verbs: ['get'], nonResourceURLs: ['/metrics*'] },
    ],
  },
});
const closed = policy('closed', {
  reads: {
    defaultAction: 'Deny',
    rules: [{ name: 'pods', action: 'Allow', verbs: ['get', 'list'], resources: ['pods'] }],
  },
});
const noProd = policy('no-prod', {
  reads: {
    rules: [
      { name: 'prod', action: 'Deny', verbs: ['*'], resources: ['secrets'], namespaces: ['prod', 'prod-*'] },
      { name: 'root-ca', action: 'Deny', verbs: ['*'], resources: ['configmaps'], resourceNames: ['ca'] },
      { name: 'all-prod', action: 'Deny', verbs: ['*'], namespaces: ['prod'] },
    ],
  },
});
const webhooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

test.each<[string, AccessPolicy[], string, string, [string, string, string]]>([
  ['a read that no rule is about', [open], 'GET', '/api/v1/pods', ['Allow', 'open', '']],
  ['a write is left to the webhook', [closed], 'POST', '/api/v1/namespaces/a/pods', ['Allow', 'closed', '']],
  ['exec is left to the webhook', [closed], 'GET', '/api/v1/namespaces/a/pods/p/exec', ['Allow', 'closed', '']],
  ['discovery', [closed], 'GET', '/apis/apps/v1', ['Deny', 'closed', '']],
  ['discovery, under an open policy', [open], 'GET', '/apis/apps/v1', ['Allow', 'open', '']],
  ['openapi', [open], 'GET', '/openapi/v3/apis/apps/v1', ['Allow', 'open', '']],
  ['a write to discovery', [open], 'POST', '/api', ['Deny', 'open', '']],
  ['metrics', [open], 'GET', '/metrics', ['Deny', 'open', '']],
  ['metrics, where a rule for all resources is', [everything], 'GET', '/metrics', ['Deny', 'everything', '']],
  ['metrics, where a rule names them', [named], 'GET', '/metrics/slis', ['Allow', 'named', 'metrics']],
  ['logs of the control plane', [open], 'GET', '/logs/kube-apiserver.log', ['Deny', 'open', '']],
  ['a node tunnel', [open], 'GET', '/api/v1/nodes/n/proxy/pods', ['Deny', 'open', '']],
  ['a pod tunnel', [open], 'POST', '/api/v1/namespaces/a/pods/p/proxy/x', ['Deny', 'open', '']],
  ['a service tunnel', [everything], 'GET', '/api/v1/namespaces/a/services/s/proxy', ['Deny', 'everything', '']],
  ['a node tunnel, where a rule names it', [named], 'GET', '/api/v1/nodes/n/proxy/pods', ['Allow', 'named', 'tunnel']],
  ['the legacy proxy verb', [everything], 'GET', '/api/v1/proxy/nodes/n', ['Deny', 'everything', '']],
  ['a webhook configuration, read', [open], 'GET', webhooks, ['Allow', 'open', '']],
  ['a webhook configuration, written', [open], 'DELETE', `${webhooks}/w`, ['Deny', 'open', '']],
  ['a webhook configuration under a rule for all', [everything], 'PATCH', `${webhooks}/w`, ['Deny', 'everything', '']],
  ['a webhook configuration, where a rule names it', [named], 'PATCH', `${webhooks}/w`, ['Allow', 'named', 'webhooks']],
  ['the same, another verb', [named], 'DELETE', `${webhooks}/w`, ['Deny', 'named', '']],
  ['an allowed read under default Deny', [closed], 'GET', '/api/v1/namespaces/a/pods', ['Allow', 'closed', 'pods']],
  ['its subresource', [closed], 'GET', '/api/v1/namespaces/a/pods/p/log', ['Deny', 'closed', '']],
  ['its watch', [closed], 'GET', '/api/v1/pods?watch=1', ['Deny', 'closed', '']],
  ['the strictest of two', [open, closed], 'GET', '/api/v1/nodes', ['Deny', 'closed', '']],
  ['a denied namespace', [noProd], 'GET', '/api/v1/namespaces/prod/secrets/s', ['Deny', 'no-prod', 'prod']],
  ['a denied namespace by pattern', [noProd], 'GET', '/api/v1/namespaces/prod-eu/secrets', ['Deny', 'no-prod', 'prod']],
  ['a list across namespaces, one of them denied', [noProd], 'GET', '/api/v1/secrets', ['Deny', 'no-prod', 'prod']],
  ['another namespace', [noProd], 'GET', '/api/v1/namespaces/dev/secrets/s', ['Allow', 'no-prod', '']],
  ['a denied name', [noProd], 'GET', '/api/v1/namespaces/dev/configmaps/ca', ['Deny', 'no-prod', 'root-ca']],
  [
    'a list that would show a denied name',
    [noProd],
    'GET',
    '/api/v1/namespaces/dev/configmaps',
    ['Deny', 'no-prod', 'root-ca'],
  ],
  ['a name that is not denied', [noProd], 'GET', '/api/v1/namespaces/dev/configmaps/x', ['Allow', 'no-prod', '']],
  ['what lies in no namespace', [noProd], 'GET', '/api/v1/nodes', ['Allow', 'no-prod', '']],
  ['nobody governs the user', [], 'GET', '/api/v1/pods', ['Deny', '', '']],
])('judges %s', (_situation, policies, method, url, want) => {
  expect(judge(policies, method, url)).toEqual(want);
});

test('refuses a write to an aggregated API, which admission never sees', () => {
  const url = '/apis/metrics.k8s.io/v1beta1/nodes/n';
  expect(judge([everything], 'PUT', url, ['metrics.k8s.io'])).toEqual(['Deny', 'everything', '']);
  expect(judge([everything], 'GET', url, ['metrics.k8s.io'])).toEqual(['Allow', 'everything', 'all']);
});

test('says why, and what could allow it', () => {
  const info = requestInfoOf('GET', '/api/v1/nodes/n/proxy/pods');
  if ('refused' in info) throw new Error(info.message);
  expect(evaluateRead([open], agent, info)).toEqual({
    action: 'Deny',
    policy: 'open',
    rule: '',
    message:
      "get nodes/proxy reaches past the API server's own rules and is refused; a reads rule that names nodes/proxy can allow it",
  });
});

test.each<[string, AccessPolicySpec['exec'][], string]>([
  ['nothing is said', [undefined], 'Required'],
  ['nobody governs', [], 'Required'],
  ['one is off', [{ record: 'Off' }], 'Off'],
  ['one of two is best effort', [{ record: 'Off' }, { record: 'BestEffort' }], 'BestEffort'],
  ['one of two says nothing', [{ record: 'Off' }, {}], 'Required'],
])('records terminals by the strictest policy when %s', (_situation, execs, want) => {
  const policies = execs.map((exec, at) => policy(String(at), exec === undefined ? {} : { exec }));
  expect(execRecordingOf(policies, agent)).toBe(want);
});

test.each<[string, AccessPolicySpec['exec'][], boolean]>([
  ['nothing is said', [undefined], true],
  ['nobody governs', [], true],
  ['the one policy says no', [{ recordInput: false }], false],
  ['one of two says nothing', [{ recordInput: false }, {}], true],
])('records what is typed when %s: unless every policy says no', (_situation, execs, want) => {
  const policies = execs.map((exec, at) => policy(String(at), exec === undefined ? {} : { exec }));
  expect(isInputRecordedFor(policies, agent)).toBe(want);
});

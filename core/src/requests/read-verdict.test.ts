import { expect, test } from '@jest/globals';
import type { UserInfo } from '../identity/user-info.ts';
import type { AccessPolicy, AccessPolicySpec } from '../policy/access-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../policy/compile-policy.ts';
import { evaluateRead, execRecordingOf, isInputRecordedFor, type ReadVerdict } from './read-verdict.ts';
import { readRequestLine } from './request-info.ts';

const agent: UserInfo = { username: 'coding-agent', groups: ['ai-agents'], extra: {} };

function policy(name: string, spec: Partial<AccessPolicySpec>): AccessPolicy {
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [{ kind: 'Group', name: 'ai-agents' }], ...spec },
  };
}

function compiled(policies: AccessPolicy[]): CompiledPolicy[] {
  return policies.map((each) => {
    const outcome = compilePolicy(each);
    if ('problems' in outcome) throw new Error(JSON.stringify(outcome.problems));
    return outcome.policy;
  });
}

function verdictOn(policies: AccessPolicy[], method: string, url: string, unseen: string[] = []): ReadVerdict {
  const reading = readRequestLine(method, url);
  if ('refused' in reading) throw new Error(reading.message);
  return evaluateRead(compiled(policies), agent, reading, new Set(unseen));
}

function judge(policies: AccessPolicy[], method: string, url: string, unseen: string[] = []): [string, string, string] {
  const verdict = verdictOn(policies, method, url, unseen);
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

const exec = '/api/v1/namespaces/a/pods/p/exec?command=sh&container=web';
const denies = (more: object): AccessPolicy =>
  policy('denies', { reads: { rules: [{ name: 'no', action: 'Deny', verbs: ['*'], ...more }] } });
const allows = (more: object): AccessPolicy =>
  policy('allows', {
    reads: { defaultAction: 'Deny', rules: [{ name: 'yes', action: 'Allow', verbs: ['*'], ...more }] },
  });

test.each<[string, AccessPolicy[], string, string, [string, string, string]]>([
  ['exec, where a rule denies it', [denies({ resources: ['pods/exec'] })], 'GET', exec, ['Deny', 'denies', 'no']],
  [
    'its other transport',
    [denies({ verbs: ['get'], resources: ['pods/exec'] })],
    'POST',
    exec,
    ['Deny', 'denies', 'no'],
  ],
  ['the first again', [denies({ verbs: ['create'], resources: ['pods/*'] })], 'GET', exec, ['Deny', 'denies', 'no']],
  ['exec under a denied verb of reads alone', [denies({ verbs: ['list'] })], 'GET', exec, ['Allow', 'denies', '']],
  ['exec in a denied namespace', [denies({ namespaces: ['a'] })], 'GET', exec, ['Deny', 'denies', 'no']],
  ['exec in another namespace', [denies({ namespaces: ['b'] })], 'GET', exec, ['Allow', 'denies', '']],
  [
    'exec under a rule for another stream',
    [denies({ resources: ['pods/attach'] })],
    'GET',
    exec,
    ['Allow', 'denies', ''],
  ],
  [
    'exec under the default Deny of reads, left to the webhook',
    [allows({ resources: ['pods'] })],
    'GET',
    exec,
    ['Allow', 'allows', ''],
  ],
  [
    'port-forward, where a rule denies it',
    [denies({ resources: ['*/portforward'] })],
    'POST',
    '/api/v1/namespaces/a/pods/p/portforward',
    ['Deny', 'denies', 'no'],
  ],
  [
    'logs under default Deny',
    [allows({ resources: ['pods'] })],
    'GET',
    '/api/v1/namespaces/a/pods/p/log',
    ['Deny', 'allows', ''],
  ],
  [
    'logs, named',
    [allows({ resources: ['pods/log'] })],
    'GET',
    '/api/v1/namespaces/a/pods/p/log',
    ['Allow', 'allows', 'yes'],
  ],
  [
    'a write under a rule that denies everything, left to the webhook',
    [denies({})],
    'PUT',
    '/api/v1/namespaces/a/pods/p',
    ['Allow', 'denies', ''],
  ],
  [
    'a list by an allowed name',
    [allows({ resources: ['secrets'], resourceNames: ['s'] })],
    'GET',
    '/api/v1/namespaces/a/secrets?fieldSelector=metadata.name%3Ds',
    ['Allow', 'allows', 'yes'],
  ],
  [
    'a list that only seems to be by an allowed name',
    [allows({ resources: ['secrets'], resourceNames: ['s'] })],
    'GET',
    '/api/v1/namespaces/a/secrets?fieldSelector=metadata.namespace!%3Db%5C,metadata.name%3Ds',
    ['Deny', 'allows', ''],
  ],
  [
    'who am I, under default Deny',
    [allows({ resources: ['pods'] })],
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    ['Allow', 'allows', ''],
  ],
  [
    'can I, under default Deny',
    [allows({ resources: ['pods'] })],
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    ['Allow', 'allows', ''],
  ],
  ['whose token', [everything], 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', ['Deny', 'everything', '']],
  [
    'may another',
    [everything],
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    ['Deny', 'everything', ''],
  ],
  [
    'may another, here',
    [open],
    'POST',
    '/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews',
    ['Deny', 'open', ''],
  ],
  [
    'may another, named',
    [allows({ apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'] })],
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    ['Allow', 'allows', 'yes'],
  ],
  [
    'an admission policy, written',
    [everything],
    'POST',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    ['Deny', 'everything', ''],
  ],
  [
    'its binding, written',
    [everything],
    'PUT',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/b',
    ['Deny', 'everything', ''],
  ],
  [
    'a mutating admission policy, written',
    [everything],
    'PATCH',
    '/apis/admissionregistration.k8s.io/v1beta1/mutatingadmissionpolicies/p',
    ['Deny', 'everything', ''],
  ],
  [
    'an allowed tunnel that another policy denies',
    [named, denies({ resources: ['nodes/proxy'] })],
    'GET',
    '/api/v1/nodes/n/proxy/pods',
    ['Deny', 'denies', 'no'],
  ],
])('judges %s', (_situation, policies, method, url, want) => {
  expect(judge(policies, method, url)).toEqual(want);
});

const when = (expression: string): { matchConditions: [{ name: string; expression: string }] } => ({
  matchConditions: [{ name: 'c', expression }],
});

test.each<[string, AccessPolicy, string, string, string]>([
  [
    'a command that is denied',
    denies({ resources: ['pods/exec'], ...when('request.command[0] in ["sh", "bash"]') }),
    'GET',
    exec,
    'Deny',
  ],
  [
    'another command',
    denies({ resources: ['pods/exec'], ...when('request.command[0] in ["zsh"]') }),
    'GET',
    exec,
    'Allow',
  ],
  ['a container that is denied', denies({ ...when('request.container == "web"') }), 'GET', exec, 'Deny'],
  [
    'logs of one container',
    allows({ resources: ['pods/log'], ...when('request.container == "web"') }),
    'GET',
    '/api/v1/namespaces/a/pods/p/log?container=web',
    'Allow',
  ],
  [
    'logs of another',
    allows({ resources: ['pods/log'], ...when('request.container == "web"') }),
    'GET',
    '/api/v1/namespaces/a/pods/p/log?container=db',
    'Deny',
  ],
  [
    'a list by label',
    allows({ resources: ['pods'], ...when('request.labelSelector == "app=web"') }),
    'GET',
    '/api/v1/pods?labelSelector=app%3Dweb',
    'Allow',
  ],
  [
    'a list by no label',
    allows({ resources: ['pods'], ...when('request.labelSelector == "app=web"') }),
    'GET',
    '/api/v1/pods',
    'Deny',
  ],
  [
    'a user of a group',
    allows({ resources: ['pods'], ...when('"ai-agents" in request.user.groups') }),
    'GET',
    '/api/v1/pods',
    'Allow',
  ],
  [
    'a condition that cannot be evaluated, of a rule that allows',
    allows({ resources: ['pods'], ...when('request.query["x"][0] == "1"') }),
    'GET',
    '/api/v1/pods',
    'Deny',
  ],
  [
    'a condition that cannot be evaluated, of a rule that denies',
    denies({ resources: ['pods'], ...when('request.query["x"][0] == "1"') }),
    'GET',
    '/api/v1/pods',
    'Deny',
  ],
  [
    'a path that is no resource',
    allows({ nonResourceURLs: ['/metrics'], ...when('!request.isResourceRequest && request.path == "/metrics"') }),
    'GET',
    '/metrics',
    'Allow',
  ],
])('by its conditions: %s', (_situation, asked, method, url, want) => {
  expect(judge([asked], method, url)[0]).toBe(want);
});

test('tells which condition could not be evaluated', () => {
  const asked = denies({ ...when('request.query["x"][0] == "1"') });
  expect(verdictOn([asked], 'GET', '/api/v1/pods')).toEqual({
    action: 'Deny',
    policy: 'denies',
    rule: 'no',
    message: 'matchCondition "c" could not be evaluated: No such key: x',
  });
});

test('says why, and what could allow it', () => {
  expect(verdictOn([open], 'GET', '/api/v1/nodes/n/proxy/pods')).toEqual({
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

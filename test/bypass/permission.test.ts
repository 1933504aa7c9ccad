import { expect } from '@jest/globals';
import type { Caller, Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import {
  accessPolicies,
  configMap,
  configMaps,
  core,
  group,
  holds,
  pod,
  type KubeObject,
  type World,
} from './world.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const namespacedRbac = (resource: string, name?: string) =>
  group('rbac.authorization.k8s.io/v1', 'dev', resource, name);
const admission = '/apis/admissionregistration.k8s.io/v1';
const registration = `${admission}/validatingwebhookconfigurations/holdpoint.dev`;
const toAgents = [{ kind: 'Group', name: 'ai-agents', apiGroup: 'rbac.authorization.k8s.io' }];
const binding = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name },
  subjects: toAgents,
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  ...more,
});
const role = (kind: string, name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name, labels },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
});
const tokenRequest = (audience: string) => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  spec: { audiences: [audience] },
});
const signing = (name: string): KubeObject => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name },
  spec: {
    // Not even a request that parses is needed to see who is stopped first: the API server validates after admission.
    request: '',
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  },
});

/** The agent, direct and through the proxy, makes something that would stay; the twin is a person who does. */
const making = (
  what: string,
  sent: Sent,
  path: string,
  as: (world: World) => Caller = (world) => world.admin,
): Evasion => ({
  evasion: what,
  async attempt(world) {
    await world.direct(sent);
    await world.proxied(sent);
    expect(await world.exists(path)).toBe(false);
  },
  async twin(world) {
    await as(world)(sent);
    expect(await world.exists(path)).toBe(true);
    await world.admin({ method: 'DELETE', path });
  },
});
const post = (path: string, body: KubeObject): Sent => ({ method: 'POST', path, body });

/** Asks for a token; the twin is a person who does. What a token's answer carries is the effect: nothing of it is stored. */
const token = (what: string, sent: (audience: string) => Sent): Evasion => ({
  evasion: what,
  async attempt(world) {
    for (const as of [world.direct, world.proxied]) {
      const answer = await as(sent('https://kubernetes.default.svc.cluster.local'));
      expect(answer.code).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toMatch(/eyJ[\w-]{20}/);
    }
  },
  async twin(world) {
    const answer = await world.admin(sent('https://kubernetes.default.svc.cluster.local'));
    expect(answer.text).toMatch(/eyJ[\w-]{20}/);
  },
});

/** What admission never sees is the proxy's to refuse; past it RBAC alone decides, as SECURITY.md says. */
const unseen = (what: string, sent: Sent, path: string): Evasion => ({
  evasion: `through the proxy, ${what}`,
  async attempt(world) {
    const before = JSON.stringify(await world.see(path));
    await world.proxied(sent);
    expect(JSON.stringify(await world.see(path))).toBe(before);
  },
  async twin(world) {
    const answer = await world.proxied({ method: 'GET', path: registration });
    expect(answer).toMatchObject({ code: 200 });
  },
});
const webhookOfItsOwn: KubeObject = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'listening-in' },
  webhooks: [],
};
const admissionPolicy: KubeObject = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'printing' },
  spec: { validations: [{ expression: 'true' }], matchConstraints: { resourceRules: [] } },
};

/**
 * As somebody else, by a verb that the built-in roles `edit` and `admin` have and the role for agents has not: admission would
 * see the impersonated user alone. The twin is the agent as itself, where it may.
 */
const impersonated = (
  who: string,
  name: string,
  write: (world: World, headers: Record<string, string>) => Promise<boolean>,
): Evasion => ({
  evasion: `impersonating ${who}`,
  async attempt(world) {
    expect(await write(world, { 'impersonate-user': name })).toBe(false);
  },
  async twin(world) {
    await world.direct(post(configMaps('dev'), configMap('dev', `as-myself-${name.split(':').at(-1) ?? ''}`)));
    expect(await world.exists(configMaps('dev', `as-myself-${name.split(':').at(-1) ?? ''}`))).toBe(true);
  },
});

describeEvasions('lasting permission, and other identities', [
  impersonated(
    'a service account that nobody governs',
    'system:serviceaccount:kube-system:auditor',
    async (world, headers) => {
      await world.direct({ ...post(configMaps('prod'), configMap('prod', 'as-a-controller')), headers });
      return world.exists(configMaps('prod', 'as-a-controller'));
    },
  ),
  impersonated(
    'the webhook, to rewrite its registration',
    'system:serviceaccount:holdpoint-system:holdpoint-webhook',
    async (world, headers) => {
      const seen = await world.see(registration);
      const body = { ...seen, metadata: { ...seen?.metadata, labels: { rewritten: 'by-the-agent' } } };
      await world.direct({ method: 'PUT', path: registration, body, headers });
      return (await world.see(registration))?.metadata.labels?.['rewritten'] !== undefined;
    },
  ),
  {
    evasion: 'impersonating the webhook, to write that its own hold is approved',
    async attempt(world) {
      const sent = post(configMaps('prod'), configMap('prod', 'by-the-webhook'));
      const hold = await world.ask(world.direct, sent);
      const status = { phase: 'Approved', decisions: [], useBefore: '2099-01-01T00:00:00Z' };
      await world.direct({
        method: 'PUT',
        path: holds(hold),
        body: { ...(await world.see(holds(hold))), status },
        headers: { 'impersonate-user': 'system:serviceaccount:holdpoint-system:holdpoint-webhook' },
      });
      expect(await world.phaseOf(hold)).toBe('Pending');
      await world.direct(sent);
      expect(await world.exists(configMaps('prod', 'by-the-webhook'))).toBe(false);
    },
    async twin(world) {
      const sent = post(configMaps('prod'), configMap('prod', 'by-the-webhook'));
      await world.askAndApprove(world.direct, sent);
      await world.direct(sent);
      expect(await world.exists(configMaps('prod', 'by-the-webhook'))).toBe(true);
    },
  },
  token('a token of a service account', (audience) => ({
    method: 'POST',
    path: core('dev', 'serviceaccounts', 'default/token'),
    body: tokenRequest(audience),
  })),
  token('a token of a service account, as a dry run', (audience) => ({
    method: 'POST',
    path: `${core('dev', 'serviceaccounts', 'default/token')}?dryRun=All`,
    body: tokenRequest(audience),
  })),
  token('a token bound to a pod that is not there', (audience) => ({
    method: 'POST',
    path: core('kube-system', 'serviceaccounts', 'auditor/token'),
    body: tokenRequest(audience),
  })),
  making(
    'a Secret that the controllers fill with a token',
    post(core('dev', 'secrets'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'lasting', namespace: 'dev', annotations: { 'kubernetes.io/service-account.name': 'default' } },
      type: 'kubernetes.io/service-account-token',
    }),
    core('dev', 'secrets', 'lasting'),
  ),
  making(
    'a Secret that is a token for joining the cluster',
    post(core('dev', 'secrets'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'dev' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        ...{ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' },
        'auth-extra-groups': 'system:bootstrappers:any',
      },
    }),
    core('dev', 'secrets', 'bootstrap-token-abcdef'),
  ),
  making(
    'a RoleBinding in a namespace where it may write freely',
    post(namespacedRbac('rolebindings'), binding('RoleBinding', 'mine')),
    namespacedRbac('rolebindings', 'mine'),
  ),
  making('a Role', post(namespacedRbac('roles'), role('Role', 'mine')), namespacedRbac('roles', 'mine')),
  making(
    'a ClusterRoleBinding',
    post(`${rbac}/clusterrolebindings`, binding('ClusterRoleBinding', 'mine')),
    `${rbac}/clusterrolebindings/mine`,
  ),
  making(
    'a ClusterRole that is aggregated into "edit" by its label',
    post(
      `${rbac}/clusterroles`,
      role('ClusterRole', 'aggregated', { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }),
    ),
    `${rbac}/clusterroles/aggregated`,
  ),
  making(
    'a RoleBinding by an apply that creates it',
    {
      method: 'PATCH',
      path: `${namespacedRbac('rolebindings', 'applied')}?fieldManager=x`,
      type: 'application/apply-patch+yaml',
      body: binding('RoleBinding', 'applied'),
    },
    namespacedRbac('rolebindings', 'applied'),
  ),
  {
    evasion: 'one more subject in a binding that is there',
    async attempt(world) {
      const path = `${rbac}/clusterrolebindings/scenario-approvers`;
      const body = [{ op: 'add', path: '/subjects/-', value: toAgents[0] }];
      await world.direct({ method: 'PATCH', path, type: 'application/json-patch+json', body });
      await world.proxied({ method: 'PATCH', path, type: 'application/json-patch+json', body });
      expect((await world.see(path))?.['subjects']).toHaveLength(1);
    },
    async twin(world) {
      const path = `${rbac}/clusterrolebindings/scenario-approvers`;
      await world.admin({ method: 'PATCH', path, body: { metadata: { labels: { seen: 'yes' } } } });
      expect((await world.see(path))?.metadata.labels).toEqual({ seen: 'yes' });
    },
  },
  {
    evasion: 'a certificate for another user, requested or approved',
    async attempt(world) {
      const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
      for (const as of [world.direct, world.proxied]) {
        const asked = await as(post(path, signing('mine')));
        expect(asked.code).toBeGreaterThanOrEqual(400);
        const approval = await as({ method: 'PUT', path: `${path}/mine/approval`, body: signing('mine') });
        expect(approval.code).toBeGreaterThanOrEqual(400);
      }
      expect(await world.exists(`${path}/mine`)).toBe(false);
    },
    async twin(world) {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: { verb: 'create', group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
        },
      };
      expect((await world.direct({ method: 'POST', path, body: review })).text).toContain('"allowed":true');
    },
  },
  making(
    'an APIService, whose server answers for a group',
    post('/apis/apiregistration.k8s.io/v1/apiservices', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.mine.example' },
      spec: {
        ...{ group: 'mine.example', version: 'v1', groupPriorityMinimum: 10, versionPriority: 10 },
        ...{ insecureSkipTLSVerify: true, service: { name: 'none', namespace: 'dev' } },
      },
    }),
    '/apis/apiregistration.k8s.io/v1/apiservices/v1.mine.example',
  ),
  making(
    'a CRD, whose conversion webhook would be handed every object',
    post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd('things')),
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.mine.example',
  ),
  {
    evasion: 'a conversion webhook put into our own CRD',
    async attempt(world) {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/holds.holdpoint.dev';
      const conversion = {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://agent.example/convert' } },
      };
      await world.direct({ method: 'PATCH', path, body: { spec: { conversion } } });
      await world.direct({ method: 'PATCH', path: `${path}/status`, body: { status: { storedVersions: ['v9'] } } });
      expect((await world.see(path))?.['spec']).toMatchObject({ conversion: { strategy: 'None' } });
    },
    async twin(world) {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/holds.holdpoint.dev';
      expect(await world.direct({ method: 'GET', path })).toMatchObject({ code: 200 });
    },
  },
  unseen(
    'a webhook configuration of its own',
    post(`${admission}/validatingwebhookconfigurations`, webhookOfItsOwn),
    `${admission}/validatingwebhookconfigurations/listening-in`,
  ),
  unseen('our registration deleted', { method: 'DELETE', path: registration }, registration),
  unseen(
    'our registration deleted as one of a collection',
    { method: 'DELETE', path: `${admission}/validatingwebhookconfigurations` },
    registration,
  ),
  unseen(
    'our registration, its group percent-encoded',
    { method: 'DELETE', path: registration.replace('admissionregistration', '%61dmissionregistration') },
    registration,
  ),
  unseen(
    'failurePolicy Ignore patched in',
    {
      method: 'PATCH',
      path: registration,
      type: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
    },
    registration,
  ),
  unseen(
    'a ValidatingAdmissionPolicy',
    post(`${admission}/validatingadmissionpolicies`, admissionPolicy),
    `${admission}/validatingadmissionpolicies/printing`,
  ),
  {
    evasion: 'our registration weakened past the proxy, where RBAC allows it: mended, and said in SECURITY.md',
    async attempt(world) {
      await world.direct({
        method: 'PATCH',
        path: registration,
        type: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
      });
      for (let i = 0; i < 60; i += 1) {
        const seen = JSON.stringify(await world.see(registration));
        if (!seen.includes('"Ignore"')) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw new Error('not mended');
    },
    async twin(world) {
      const sent = post(configMaps('prod'), configMap('prod', 'still-asked'));
      await world.askAndApprove(world.direct, sent);
      await world.direct(sent);
      expect(await world.exists(configMaps('prod', 'still-asked'))).toBe(true);
    },
  },
  {
    evasion: 'its own policy edited, deleted or joined by a laxer one',
    async attempt(world) {
      const before = JSON.stringify((await world.see(accessPolicies('coding-agents')))?.['spec']);
      for (const as of [world.direct, world.proxied]) {
        await as({
          method: 'PATCH',
          path: accessPolicies('coding-agents'),
          body: { spec: { defaultAction: 'Allow' } },
        });
        await as({
          method: 'PATCH',
          path: `${accessPolicies('coding-agents')}/status`,
          body: { status: { observedGeneration: 99 } },
        });
        await as({ method: 'DELETE', path: accessPolicies('coding-agents') });
        await as({ method: 'DELETE', path: accessPolicies() });
        await as(post(accessPolicies(), { ...(await laxer(world)), metadata: { name: 'laxer' } }));
      }
      expect(JSON.stringify((await world.see(accessPolicies('coding-agents')))?.['spec'])).toBe(before);
      expect(await world.exists(accessPolicies('laxer'))).toBe(false);
    },
    async twin(world) {
      expect(
        await world.admin(post(accessPolicies(), { ...(await laxer(world)), metadata: { name: 'laxer' } })),
      ).toMatchObject({ code: 201 });
      await world.admin({ method: 'DELETE', path: accessPolicies('laxer') });
    },
  },
  {
    evasion: 'the webhook’s own account taken over by a pod, or deleted',
    async attempt(world) {
      const path = core('holdpoint-system', 'pods');
      await world.direct(
        post(path, pod('holdpoint-system', 'taken-over', { serviceAccountName: 'holdpoint-webhook' })),
      );
      await world.direct({ method: 'DELETE', path: core('holdpoint-system', 'serviceaccounts', 'holdpoint-webhook') });
      expect(await world.exists(`${path}/taken-over`)).toBe(false);
      expect(await world.exists(core('holdpoint-system', 'serviceaccounts', 'holdpoint-webhook'))).toBe(true);
    },
    async twin(world) {
      await world.direct(post(core('dev', 'pods'), pod('dev', 'its-own-pod')));
      expect(await world.exists(core('dev', 'pods', 'its-own-pod'))).toBe(true);
    },
  },
]);

async function laxer(world: World): Promise<KubeObject> {
  const seen = await world.see(accessPolicies('coding-agents'));
  const spec = seen?.['spec'] as object;
  return {
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name: '' },
    spec: { ...spec, rules: [] },
  };
}

function crd(plural: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.mine.example` },
    spec: {
      group: 'mine.example',
      names: { plural, kind: 'Thing' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

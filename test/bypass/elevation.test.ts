import { expect } from '@jest/globals';
import { deployers, lend, makeAgentReadOnly } from '../src/read-only-agent.ts';
import { createCaller, type Caller, type Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import { signedToken } from './signed-token.ts';
import { configMap, configMaps, core, deployments, group, holdOf, type KubeObject, type World } from './world.ts';

/**
 * The agent here may `view` and nothing else, and the group that its rules lend may do anything to everything, Secrets and roles
 * among it. Whatever of that it gets without a person's word is an evasion.
 */
const secret = core('prod', 'secrets', 'db-credentials');
const secretTexts = ['holdpoint-mask', 'username'];
const withSecret = { keep: 'this' };

/** The agent, with a group more in its token than it should have. */
const claiming = (world: World, groups: readonly string[], at: 'proxy' | 'apiServer'): Caller => {
  const { stack } = world;
  const url = at === 'proxy' ? stack.service('proxy').url : stack.urls.apiServer;
  return createCaller(url, stack.caFile, signedToken(stack, { sub: 'coding-agent', groups }));
};

/** Sends as the agent through the proxy, and holds that its answer is a refusal that tells nothing of the Secret. */
const tellsNothing = async (world: World, sent: Sent): Promise<void> => {
  const answer = await world.proxied(sent);
  expect(answer.code).toBe(403);
  expect(holdOf(answer)).toBeUndefined();
  for (const text of secretTexts) expect(answer.text).not.toContain(text);
};

const bindingOf = (name: string): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name },
  subjects: [{ kind: 'Group', name: 'ai-agents', apiGroup: 'rbac.authorization.k8s.io' }],
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'deployer' },
});
const bindings = (namespace: string, name?: string) =>
  group('rbac.authorization.k8s.io/v1', namespace, 'rolebindings', name);
const tokenRequest = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  spec: { audiences: ['https://kubernetes.default.svc.cluster.local'] },
};
const tokenSecret = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: { name: 'everlasting', annotations: { 'kubernetes.io/service-account.name': 'default' } },
} satisfies KubeObject;

const rows: Evasion[] = [
  {
    evasion: 'a read with the permission that a write would be lent',
    async attempt(world) {
      await tellsNothing(world, { method: 'GET', path: secret });
      await tellsNothing(world, { method: 'GET', path: core('prod', 'secrets') });
      await tellsNothing(world, { method: 'GET', path: `${core('prod', 'secrets')}?watch=true&timeoutSeconds=1` });
    },
    async twin(world) {
      expect(await world.proxied({ method: 'GET', path: deployments('prod', 'web') })).toMatchObject({ code: 200 });
    },
  },
  {
    evasion: 'a write of nothing, a dry run or a broken write, of what it may not read, for the sake of the answer',
    async attempt(world) {
      const patch = (body: object, query = '') =>
        tellsNothing(world, { method: 'PATCH', path: `${secret}${query}`, body });
      await patch({});
      await patch({ metadata: { labels: { a: 'b' } } }, '?dryRun=All');
      await patch({ data: { broken: 5 } });
      await patch({ type: 'another' });
      await tellsNothing(world, { method: 'DELETE', path: `${secret}?dryRun=All` });
    },
    async twin(world) {
      await world.put(configMap('prod', 'readable', withSecret));
      const answer = await world.proxied({ method: 'PATCH', path: configMaps('prod', 'readable'), body: {} });
      expect(answer).toMatchObject({ code: 200 });
      expect(answer.text).toContain('"keep":"this"');
    },
  },
  {
    evasion: 'a dry run of a create, to learn whether the name is taken',
    async attempt(world) {
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db-credentials' } };
      const answer = await world.proxied({ method: 'POST', path: `${core('prod', 'secrets')}?dryRun=All`, body });
      expect(answer.code).toBe(403);
      expect(answer.text).not.toContain('already exists');
    },
    async twin(world) {
      const body = configMap('prod', 'tried');
      const answer = await world.proxied({ method: 'POST', path: `${configMaps('prod')}?dryRun=All`, body });
      expect(answer).toMatchObject({ code: 201 });
      expect(await world.exists(configMaps('prod', 'tried'))).toBe(false);
    },
  },
  {
    evasion: 'a token that claims the group',
    async attempt(world) {
      for (const at of ['apiServer', 'proxy'] as const) {
        const caller = claiming(world, ['ai-agents', deployers], at);
        await caller({ method: 'POST', path: configMaps('prod'), body: configMap('prod', 'claimed') });
        await caller({ method: 'POST', path: configMaps('dev'), body: configMap('dev', 'claimed') });
      }
      expect(await world.exists(configMaps('prod', 'claimed'))).toBe(false);
      expect(await world.exists(configMaps('dev', 'claimed'))).toBe(false);
    },
    async twin(world) {
      const caller = claiming(world, ['ai-agents', 'not-holdpoint:deployer'], 'proxy');
      await caller({ method: 'POST', path: configMaps('dev'), body: configMap('dev', 'unclaimed') });
      expect(await world.exists(configMaps('dev', 'unclaimed'))).toBe(true);
    },
  },
  {
    evasion: 'somebody whom no policy governs, in the group',
    async attempt(world) {
      const headers = { 'Impersonate-User': 'mallory', 'Impersonate-Group': deployers };
      const body = configMap('dev', 'by-mallory');
      await world.admin({ method: 'POST', path: configMaps('dev'), body, headers });
      expect(await world.exists(configMaps('dev', 'by-mallory'))).toBe(false);
    },
    async twin(world) {
      await world.carol({ method: 'POST', path: configMaps('dev'), body: configMap('dev', 'by-carol') });
      expect(await world.exists(configMaps('dev', 'by-carol'))).toBe(true);
    },
  },
  {
    evasion: 'a role for itself, which the group may give',
    async attempt(world) {
      for (const namespace of ['dev', 'prod']) {
        const answer = await world.proxied({ method: 'POST', path: bindings(namespace), body: bindingOf('mine') });
        expect(holdOf(answer)).toBeUndefined();
        expect(await world.exists(bindings(namespace, 'mine'))).toBe(false);
      }
    },
    async twin(world) {
      await world.admin({ method: 'POST', path: bindings('dev'), body: bindingOf('given') });
      expect(await world.exists(bindings('dev', 'given'))).toBe(true);
      await world.admin({ method: 'DELETE', path: bindings('dev', 'given') });
    },
  },
  {
    evasion: 'a service account’s token, for the moment or for ever',
    async attempt(world) {
      for (const namespace of ['dev', 'prod']) {
        const path = core(namespace, 'serviceaccounts', 'default/token');
        const answer = await world.proxied({ method: 'POST', path, body: tokenRequest });
        expect(answer.code).toBe(403);
        expect(answer.text).not.toMatch(/eyJ[\w-]{20}/);
        await world.proxied({ method: 'POST', path: core(namespace, 'secrets'), body: tokenSecret });
        expect(await world.exists(core(namespace, 'secrets', 'everlasting'))).toBe(false);
      }
    },
    async twin(world) {
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'ordinary' }, stringData: withSecret };
      await world.proxied({ method: 'POST', path: core('dev', 'secrets'), body });
      expect(await world.exists(core('dev', 'secrets', 'ordinary'))).toBe(true);
    },
  },
  {
    evasion: 'a whole collection, where each of its objects could be deleted',
    async attempt(world) {
      await world.put(configMap('dev', 'one-of-many', {}, { labels: { batch: 'yes' } }));
      await world.proxied({ method: 'DELETE', path: `${configMaps('dev')}?labelSelector=batch%3Dyes` });
      expect(await world.exists(configMaps('dev', 'one-of-many'))).toBe(true);
    },
    async twin(world) {
      await world.proxied({ method: 'DELETE', path: configMaps('dev', 'one-of-many') });
      expect(await world.exists(configMaps('dev', 'one-of-many'))).toBe(false);
    },
  },
  {
    evasion: 'another change than the approved one, with the approval’s permission',
    async attempt(world) {
      const create = (value: string): Sent => ({
        method: 'POST',
        path: configMaps('prod'),
        body: configMap('prod', 'approved-once', { value }),
      });
      await world.askAndApprove(world.proxied, create('as-approved'));
      await world.proxied(create('another'));
      expect(await world.exists(configMaps('prod', 'approved-once'))).toBe(false);
    },
    async twin(world) {
      const body = configMap('prod', 'approved-once', { value: 'as-approved' });
      await world.proxied({ method: 'POST', path: configMaps('prod'), body });
      expect(await world.see(configMaps('prod', 'approved-once'))).toMatchObject({ data: { value: 'as-approved' } });
    },
  },
  {
    evasion: 'an approval kept until its rule lends nothing any more',
    async attempt(world) {
      const sent: Sent = { method: 'POST', path: configMaps('prod'), body: configMap('prod', 'too-late') };
      await world.askAndApprove(world.proxied, sent);
      await lend(world.stack, ['development-is-free']);
      await world.proxied(sent);
      expect(await world.exists(configMaps('prod', 'too-late'))).toBe(false);
    },
    async twin(world) {
      await lend(world.stack, ['development-is-free', 'production-writes']);
      await world.proxied({ method: 'POST', path: configMaps('prod'), body: configMap('prod', 'too-late') });
      expect(await world.exists(configMaps('prod', 'too-late'))).toBe(true);
    },
  },
];

describeEvasions('just-in-time permission', rows, async (world) => {
  await world.admin({ method: 'DELETE', path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/generous' });
  await makeAgentReadOnly(world.stack);
});

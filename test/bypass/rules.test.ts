import { expect } from '@jest/globals';
import type { ResourceRule, WriteRule } from '@holdpoint/core';
import { eventually } from '../src/eventually.ts';
import type { Caller, Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import {
  accessPolicies,
  configMap,
  configMaps,
  core,
  deployments,
  grants,
  holdOf,
  policy,
  type KubeObject,
  type World,
} from './world.ts';

const everything: ResourceRule = { apiGroups: ['*'], resources: ['*/*'], operations: ['*'] };
const mapsOnly: ResourceRule = { apiGroups: [''], resources: ['configmaps'], operations: ['*'] };
const create = (name: string, namespace = 'prod', more: object = {}): Sent => ({
  method: 'POST',
  path: configMaps(namespace),
  body: { ...configMap(namespace, name), ...more },
});
const namespace = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const grant = (name: string, spec: object = {}, more: object = {}): KubeObject => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'Grant',
  metadata: { name },
  spec: {
    subject: { username: 'coding-agent' },
    scope: { policy: 'coding-agents', rule: 'production-writes' },
    duration: '10m',
    ...spec,
  },
  ...more,
});
const scope = (more: object) => ({ scope: { policy: 'coding-agents', rule: 'production-writes', ...more } });
const revoke = (world: World, name: string) =>
  world.alice({
    method: 'PATCH',
    path: grants(name),
    body: { metadata: { annotations: { 'holdpoint.dev/decision': 'revoke' } } },
  });

/** Does it while alice's grant lasts; the twin is what the grant is for. */
const under = (
  spec: object,
  what: string,
  parts: { name: string; attempt: (world: World) => Promise<boolean>; twin: Sent; twinPath: string },
): Evasion => ({
  evasion: `under a grant, ${what}`,
  async attempt(world) {
    expect(await world.alice({ method: 'POST', path: grants(), body: grant(parts.name, spec) })).toMatchObject({
      code: 201,
    });
    await heard(world);
    expect(await parts.attempt(world)).toBe(false);
  },
  async twin(world) {
    await eventually('the grant is heard of', async () =>
      (await world.direct(parts.twin)).code < 300 ? true : undefined,
    );
    expect(await world.exists(parts.twinPath)).toBe(true);
    expect((await revoke(world, parts.name)).code).toBeLessThan(300);
  },
});

let labelled: Caller;
let picky: Caller;
let conditional: Caller;
let bounded: Caller;
let shared: Caller;

/** What a grant of its own making would have to say. */
const forgedStatus = {
  status: {
    phase: 'Active',
    grantedBy: 'alice',
    grantedAt: '2026-01-01T00:00:00Z',
    expiresAt: '2099-01-01T00:00:00Z',
    uses: 0,
    seal: `hmac-sha256:${'0'.repeat(64)}`,
  },
};

/** A condition over the object, which the agent shapes; the twin satisfies it as it is meant. */
const condition = (what: string, bad: (world: World) => Promise<unknown>, path: string): Evasion => ({
  evasion: `a condition over the object: ${what}`,
  async attempt(world) {
    await bad(world);
    expect(await world.exists(path)).toBe(false);
  },
  async twin(world) {
    const name = `fits-${what.replaceAll(/[^a-z]+/g, '-')}`.slice(0, 50).replace(/-$/, '');
    await conditional(create(name, 'prod', { data: { team: 'shop', size: '3' } }));
    expect(await world.exists(configMaps('prod', name))).toBe(true);
  },
});
const shaped = (name: string, data: unknown) => create(name, 'prod', { data });

describeEvasions(
  'rules, selectors, conditions and grants',
  [
    ...['xprod', 'prodx', 'prod-x', 'devx', 'xdev', 'x-dev'].map((place): Evasion => ({
      evasion: `a namespace whose name lies at the edge of a pattern: ${place}`,
      async attempt(world) {
        await world.put(namespace(place));
        await world.direct(create('edge', place));
        expect(await world.exists(configMaps(place, 'edge'))).toBe(false);
      },
      async twin(world) {
        await world.put(namespace('dev-x'));
        await world.direct(create(`edge-of-${place}`, 'dev-x'));
        expect(await world.exists(configMaps('dev-x', `edge-of-${place}`))).toBe(true);
      },
    })),
    {
      evasion: 'a label put on a namespace, to have a laxer rule match it',
      async attempt(world) {
        await labelled({
          method: 'PATCH',
          path: '/api/v1/namespaces/prod',
          body: { metadata: { labels: { tier: 'sandbox' } } },
        });
        await labelled({ method: 'POST', path: '/api/v1/namespaces', body: namespace('mine', { tier: 'sandbox' }) });
        await labelled(create('by-label'));
        expect(await world.exists(configMaps('prod', 'by-label'))).toBe(false);
        expect(await world.exists('/api/v1/namespaces/mine')).toBe(false);
      },
      async twin(world) {
        await world.put(namespace('sandbox', { tier: 'sandbox' }));
        await eventually('the label is heard of', async () =>
          (await labelled(create('by-label', 'sandbox'))).code < 300 ? true : undefined,
        );
        expect(await world.exists(configMaps('sandbox', 'by-label'))).toBe(true);
      },
    },
    {
      evasion: 'a label put on the object in the same update that a rule for the label would allow',
      async attempt(world) {
        await world.put(configMap('prod', 'not-its-own', { a: '1' }));
        const body = { metadata: { labels: { owner: 'picky' } }, data: { a: '2' } };
        await picky({ method: 'PATCH', path: configMaps('prod', 'not-its-own'), body });
        await picky({ method: 'DELETE', path: configMaps('prod', 'not-its-own') });
        expect((await world.see(configMaps('prod', 'not-its-own')))?.['data']).toEqual({ a: '1' });
      },
      async twin(world) {
        await world.put(configMap('prod', 'its-own', { a: '1' }, { labels: { owner: 'picky' } }));
        await picky({ method: 'PATCH', path: configMaps('prod', 'its-own'), body: { data: { a: '2' } } });
        expect((await world.see(configMaps('prod', 'its-own')))?.['data']).toEqual({ a: '2' });
      },
    },
    {
      evasion: 'a label taken off in the same update that a rule for the label would deny',
      async attempt(world) {
        await world.put(configMap('prod', 'precious', { a: '1' }, { labels: { precious: 'yes' } }));
        await picky({
          method: 'PATCH',
          path: configMaps('prod', 'precious'),
          body: { metadata: { labels: { precious: null, owner: 'picky' } }, data: { a: '2' } },
        });
        await picky({ method: 'DELETE', path: configMaps('prod', 'precious') });
        await picky({ method: 'DELETE', path: `${configMaps('prod')}?labelSelector=precious` });
        expect((await world.see(configMaps('prod', 'precious')))?.['data']).toEqual({ a: '1' });
      },
      async twin(world) {
        await world.put(configMap('prod', 'plain', { a: '1' }, { labels: { owner: 'picky' } }));
        await picky({ method: 'DELETE', path: configMaps('prod', 'plain') });
        expect(await world.exists(configMaps('prod', 'plain'))).toBe(false);
      },
    },
    {
      evasion: 'an object that a rule denies by name, under generateName or in a collection',
      async attempt(world) {
        await world.put(configMap('prod', 'crown-bcdfg', { a: '1' }, { labels: { owner: 'picky' } }));
        await picky({ method: 'DELETE', path: configMaps('prod', 'crown-bcdfg') });
        await picky({ method: 'DELETE', path: `${configMaps('prod')}?fieldSelector=metadata.name%3Dcrown-bcdfg` });
        expect(await world.exists(configMaps('prod', 'crown-bcdfg'))).toBe(true);
        await world.admin({ method: 'DELETE', path: configMaps('prod', 'crown-bcdfg') });
        await picky(
          create('crown-bcdfg', 'prod', {
            metadata: { name: 'crown-bcdfg', generateName: 'crown-', labels: { owner: 'picky' } },
          }),
        );
        expect(await world.exists(configMaps('prod', 'crown-bcdfg'))).toBe(false);
      },
      async twin(world) {
        await picky(create('crown-bcdfh', 'prod', { metadata: { name: 'crown-bcdfh', labels: { owner: 'picky' } } }));
        expect(await world.exists(configMaps('prod', 'crown-bcdfh'))).toBe(true);
      },
    },
    {
      evasion: 'a cluster-scoped object, where a rule allows by namespace',
      async attempt(world) {
        const volume = {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: 'dev' },
          spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
        };
        await world.direct({ method: 'POST', path: '/api/v1/persistentvolumes', body: volume });
        await world.direct({
          method: 'POST',
          path: '/apis/scheduling.k8s.io/v1/priorityclasses',
          body: { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'dev' }, value: 1 },
        });
        await world.direct({ method: 'POST', path: '/api/v1/namespaces', body: namespace('dev-new') });
        expect(await world.exists('/api/v1/persistentvolumes/dev')).toBe(false);
        expect(await world.exists('/apis/scheduling.k8s.io/v1/priorityclasses/dev')).toBe(false);
        expect(await world.exists('/api/v1/namespaces/dev-new')).toBe(false);
      },
      async twin(world) {
        const claim = {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'dev', namespace: 'dev' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        };
        await world.direct({ method: 'POST', path: core('dev', 'persistentvolumeclaims'), body: claim });
        expect(await world.exists(core('dev', 'persistentvolumeclaims', 'dev'))).toBe(true);
      },
    },
    condition(
      'a field that is not there, so that it errors',
      () =>
        conditional({ method: 'POST', path: configMaps('prod'), body: { ...configMap('prod', 'absent'), data: null } }),
      configMaps('prod', 'absent'),
    ),
    condition(
      'a text where a number is expected',
      () => conditional(shaped('no-number', { team: 'shop', size: 'many' })),
      configMaps('prod', 'no-number'),
    ),
    condition(
      'a number beyond what fits',
      () => conditional(shaped('too-large', { team: 'shop', size: '9'.repeat(400) })),
      configMaps('prod', 'too-large'),
    ),
    condition(
      'metacharacters of a pattern',
      () => conditional(shaped('meta', { team: '(shop|.*)', size: '3' })),
      configMaps('prod', 'meta'),
    ),
    condition(
      'a line break before what would match',
      () => conditional(shaped('lines', { team: 'evil\nshop', size: '3' })),
      configMaps('prod', 'lines'),
    ),
    condition(
      'a text on which a pattern would run away',
      () => conditional(shaped('runaway', { team: `${'s'.repeat(100_000)}!`, size: '3' })),
      configMaps('prod', 'runaway'),
    ),
    condition(
      'a map of fifty thousand keys',
      () => {
        const keys = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${String(i)}`, 'x']));
        return conditional(shaped('many-keys', { ...keys, team: 'other', size: '3' }));
      },
      configMaps('prod', 'many-keys'),
    ),
    {
      evasion: 'a rule that names one version, and the object under another',
      async attempt(world) {
        const rule: WriteRule = {
          name: 'v1-only',
          action: 'Deny',
          resourceRules: [{ apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['*'], operations: ['*'] }],
        };
        const answer = await world.admin({
          method: 'POST',
          path: accessPolicies(),
          body: policy('one-version', [rule]),
        });
        expect(answer.text).toContain('the same object under another would pass it by');
        expect(await world.exists(accessPolicies('one-version'))).toBe(false);
      },
      async twin(world) {
        const rule: WriteRule = {
          name: 'every',
          action: 'Deny',
          resourceRules: [{ apiGroups: ['autoscaling'], resources: ['*'], operations: ['*'] }],
        };
        expect(
          await world.admin({ method: 'POST', path: accessPolicies(), body: policy('every-version', [rule]) }),
        ).toMatchObject({ code: 201 });
      },
    },
    {
      evasion: 'a grant made by itself, with a status that says it was given',
      async attempt(world) {
        for (const as of [world.direct, world.proxied]) {
          await as({ method: 'POST', path: grants(), body: grant('forged', {}, forgedStatus) });
          await as({
            method: 'PATCH',
            path: `${grants('forged')}?fieldManager=x&force=true`,
            type: 'application/apply-patch+yaml',
            body: grant('forged', {}, forgedStatus),
          });
        }
        expect(await world.exists(grants('forged'))).toBe(false);
        await world.direct(create('by-forged-grant'));
        expect(await world.exists(configMaps('prod', 'by-forged-grant'))).toBe(false);
      },
      async twin(world) {
        await world.alice({ method: 'POST', path: grants(), body: grant('given') });
        await eventually('the grant is heard of', async () =>
          (await world.direct(create('by-given-grant'))).code < 300 ? true : undefined,
        );
        expect(await world.exists(configMaps('prod', 'by-given-grant'))).toBe(true);
        await revoke(world, 'given');
      },
    },
    {
      evasion: 'a grant written while no webhook guarded grants',
      async attempt(world) {
        await world.admin({ method: 'POST', path: grants(), body: grant('unguarded', {}, forgedStatus) });
        const seen = await world.see(grants('unguarded'));
        expect((seen?.['status'] as { seal?: string } | undefined)?.seal).not.toBe(forgedStatus.status.seal);
        await world.direct(create('by-unguarded-grant'));
        expect(await world.exists(configMaps('prod', 'by-unguarded-grant'))).toBe(false);
      },
      async twin(world) {
        const asked: Sent = { method: 'POST', path: grants(), body: grant('asked', { maxUses: 1 }) };
        await world.askAndApprove(world.direct, asked);
        await world.direct(asked);
        await eventually('the grant is heard of', async () =>
          (await world.direct(create('by-asked-grant'))).code < 300 ? true : undefined,
        );
        expect(await world.exists(configMaps('prod', 'by-asked-grant'))).toBe(true);
      },
    },
    {
      evasion: 'a grant for somebody else, for another session, or of another policy',
      async attempt(world) {
        const wrong = [
          { subject: { username: 'carol' } },
          { subject: { username: 'coding-agent', session: 'another' } },
          { scope: { policy: 'picky', rule: 'default' } },
          { scope: { policy: 'coding-agents', rule: 'never-delete-namespaces' } },
          { duration: '25h' },
          scope({ resourceRules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], operations: ['*'] }] }),
        ];
        for (const spec of wrong) {
          const answer = await world.direct({ method: 'POST', path: grants(), body: grant('wrong', spec) });
          expect(holdOf(answer)).toBeUndefined();
        }
        expect(await world.exists(grants('wrong'))).toBe(false);
      },
      async twin(world) {
        const answer = await world.direct({ method: 'POST', path: grants(), body: grant('right', { duration: '1m' }) });
        expect(holdOf(answer)).toBeDefined();
        expect(await world.exists(grants('right'))).toBe(false);
      },
    },
    under(scope({ namespaces: ['prod'] }), 'a namespace that it does not name', {
      name: 'one-place',
      attempt: async (world) => {
        await world.put(namespace('prod-x'));
        await world.direct(create('elsewhere', 'prod-x'));
        return world.exists(configMaps('prod-x', 'elsewhere'));
      },
      twin: create('in-its-place'),
      twinPath: configMaps('prod', 'in-its-place'),
    }),
    under(
      scope({ resourceRules: [{ ...mapsOnly, operations: ['CREATE'] }] }),
      'an operation, and a kind, that it does not name',
      {
        name: 'one-kind',
        attempt: async (world) => {
          await world.put(configMap('prod', 'stays'));
          await world.direct({ method: 'DELETE', path: configMaps('prod', 'stays') });
          await world.direct({ method: 'PATCH', path: deployments('prod', 'web'), body: { spec: { paused: true } } });
          const seen = await world.see(deployments('prod', 'web'));
          return (
            !(await world.exists(configMaps('prod', 'stays'))) ||
            JSON.stringify(seen?.['spec']).includes('"paused":true')
          );
        },
        twin: create('of-its-kind'),
        twinPath: configMaps('prod', 'of-its-kind'),
      },
    ),
    under({ subject: { username: 'coding-agent', session: 'session-of-somebody-else' } }, 'another session', {
      name: 'one-session',
      attempt: async (world) => {
        await world.direct(create('other-session'));
        await world.proxied({
          ...create('other-session'),
          headers: { 'impersonate-extra-holdpoint.dev%2fsession': 'session-of-somebody-else' },
        });
        return world.exists(configMaps('prod', 'other-session'));
      },
      twin: create('session-twin', 'dev'),
      twinPath: configMaps('dev', 'session-twin'),
    }),
    under({}, 'what would outlive it, and what a rule denies', {
      name: 'wide',
      attempt: async (world) => {
        const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings';
        const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' };
        const body = {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'kept' },
          roleRef,
        };
        await world.direct({ method: 'POST', path, body });
        const secret = {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: {
            name: 'kept',
            namespace: 'prod',
            annotations: { 'kubernetes.io/service-account.name': 'default' },
          },
          type: 'kubernetes.io/service-account-token',
        };
        await world.direct({ method: 'POST', path: core('prod', 'secrets'), body: secret });
        await world.direct({ method: 'DELETE', path: '/api/v1/namespaces/prod' });
        const gone = (await world.see('/api/v1/namespaces/prod'))?.metadata['deletionTimestamp'] !== undefined;
        return gone || (await world.exists(`${path}/kept`)) || (await world.exists(core('prod', 'secrets', 'kept')));
      },
      twin: create('under-wide'),
      twinPath: configMaps('prod', 'under-wide'),
    }),
    {
      evasion: 'a grant that was revoked a moment ago',
      async attempt(world) {
        await world.alice({ method: 'POST', path: grants(), body: grant('revoked') });
        await eventually('the grant is heard of', async () =>
          (await world.direct(create('before-revocation'))).code < 300 ? true : undefined,
        );
        await revoke(world, 'revoked');
        await Promise.all([1, 2, 3].map((i) => world.direct(create(`after-revocation-${String(i)}`))));
        for (const i of [1, 2, 3])
          expect(await world.exists(configMaps('prod', `after-revocation-${String(i)}`))).toBe(false);
      },
      async twin(world) {
        expect(await world.exists(configMaps('prod', 'before-revocation'))).toBe(true);
      },
    },
    {
      evasion: 'its own grant edited or deleted: longer, wider, used less',
      async attempt(world) {
        await world.alice({ method: 'POST', path: grants(), body: grant('edited', { maxUses: 1 }) });
        await eventually('the grant is heard of', async () =>
          (await world.direct(create('one-use'))).code < 300 ? true : undefined,
        );
        for (const as of [world.direct, world.proxied]) {
          await as({ method: 'PATCH', path: grants('edited'), body: { spec: { maxUses: 100, duration: '24h' } } });
          await as({ method: 'PATCH', path: grants('edited'), body: { status: { uses: 0, phase: 'Active' } } });
          await as({
            method: 'PATCH',
            path: `${grants('edited')}/status`,
            body: { status: { uses: 0, phase: 'Active' } },
          });
          await as({ method: 'DELETE', path: grants('edited') });
        }
        expect((await world.see(grants('edited')))?.['status']).toMatchObject({ uses: 1, phase: 'UsedUp' });
        await world.direct(create('second-use'));
        expect(await world.exists(configMaps('prod', 'second-use'))).toBe(false);
      },
      async twin(world) {
        expect(await world.exists(configMaps('prod', 'one-use'))).toBe(true);
      },
    },
    {
      evasion: 'a grant for two uses, used by forty at once, direct and through the proxy',
      async attempt(world) {
        await world.alice({ method: 'POST', path: grants(), body: grant('two', { maxUses: 2 }) });
        await heard(world);
        const names = Array.from({ length: 40 }, (_, i) => `forty-${String(i)}`);
        await Promise.all(names.map((name, i) => (i % 2 === 0 ? world.direct : world.proxied)(create(name))));
        const { text } = await world.admin({ method: 'GET', path: configMaps('prod') });
        expect((text.match(/"name":"forty-\d+"/g) ?? []).length).toBeLessThanOrEqual(2);
        expect((await world.see(grants('two')))?.['status']).toMatchObject({ uses: 2 });
      },
      async twin(world) {
        const { text } = await world.admin({ method: 'GET', path: configMaps('prod') });
        expect(text.match(/"name":"forty-\d+"/g)).toHaveLength(2);
      },
    },
    {
      evasion: 'of two policies that hold, an approval by the people of one alone',
      async attempt(world) {
        const hold = await world.ask(shared, create('one-of-two'));
        await world.decide(world.alice, hold);
        await shared(create('one-of-two'));
        expect(await world.exists(configMaps('prod', 'one-of-two'))).toBe(false);
      },
      async twin(world) {
        for (let i = 0; i < 2; i += 1) {
          const hold = holdOf(await shared(create('both-of-two')));
          if (hold === undefined) break;
          for (const approver of [world.alice, world.bob]) await world.decide(approver, hold);
        }
        await shared(create('both-of-two'));
        expect(await world.exists(configMaps('prod', 'both-of-two'))).toBe(true);
      },
    },
    {
      evasion: 'a rule that allows everything, for what gives a permission',
      async attempt(world) {
        const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
        const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
        const body = {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'by-bounded' },
          roleRef,
        };
        await bounded({ method: 'POST', path, body });
        const answer = await bounded({
          method: 'POST',
          path: core('kube-system', 'serviceaccounts', 'auditor/token'),
          body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
        });
        expect(answer.text).not.toContain('eyJ');
        await bounded({ method: 'PATCH', path: accessPolicies('bounded'), body: { spec: { rules: [] } } });
        expect(await world.exists(`${path}/by-bounded`)).toBe(false);
        expect((await world.see(accessPolicies('bounded')))?.['spec']).toMatchObject({ rules: [{ name: 'all' }] });
      },
      async twin(world) {
        await bounded(create('by-bounded'));
        expect(await world.exists(configMaps('prod', 'by-bounded'))).toBe(true);
      },
    },
  ],
  async (world) => {
    await world.put({
      ...policy('shared-too', []),
      spec: {
        subjects: [{ kind: 'ServiceAccount', name: 'shared', namespace: 'accounts' }],
        hold: { approvers: [{ kind: 'User', name: 'bob' }], pauseFor: '1s' },
      },
    });
    [labelled, picky, conditional, bounded, shared] = await Promise.all([
      world.account('labelled', [
        {
          name: 'sandboxes',
          action: 'Allow',
          namespaceSelector: { matchLabels: { tier: 'sandbox' } },
          resourceRules: [everything],
        },
      ]),
      world.account('picky', [
        {
          name: 'precious',
          action: 'Deny',
          objectSelector: { matchLabels: { precious: 'yes' } },
          resourceRules: [mapsOnly],
        },
        { name: 'crown', action: 'Deny', resourceRules: [{ ...mapsOnly, resourceNames: ['crown-bcdfg'] }] },
        {
          name: 'its-own',
          action: 'Allow',
          objectSelector: { matchLabels: { owner: 'picky' } },
          resourceRules: [mapsOnly],
        },
      ]),
      world.account('conditional', [
        {
          name: 'small',
          action: 'Allow',
          resourceRules: [mapsOnly],
          matchConditions: [
            {
              name: 'team',
              expression: "object.data.team.matches('^(s+h*o*p*)+$') && object.data.team.matches('^shop$')",
            },
            { name: 'size', expression: 'int(object.data.size) <= 10' },
            { name: 'keys', expression: "object.data.all(k, k in ['team', 'size'])" },
          ],
        },
      ]),
      world.account('bounded', [{ name: 'all', action: 'Allow', resourceRules: [everything] }]),
      world.account('shared', [], { hold: { approvers: [{ kind: 'User', name: 'alice' }], pauseFor: '1s' } }),
    ]);
  },
);

/**
 * The webhook hears of grants in the order in which they are given: once it has heard of this one, it has of all before. What is
 * sent earlier is held for that reason alone, and would prove nothing.
 */
async function heard(world: World): Promise<void> {
  const subject = { username: 'system:serviceaccount:accounts:picky' };
  const given = await world.alice({
    method: 'POST',
    path: grants(),
    body: {
      ...grant('', { subject, scope: { policy: 'picky', rule: 'default' } }),
      metadata: { generateName: 'heard-' },
    },
  });
  const { name } = (JSON.parse(given.text) as KubeObject).metadata;
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
  await eventually('the newest grant is heard of', async () => {
    const sent: Sent = { method: 'POST', path: `${core('prod', 'services')}?dryRun=All`, body: service };
    return (await picky(sent)).warning.includes(name) ? true : undefined;
  });
  await revoke(world, name);
}

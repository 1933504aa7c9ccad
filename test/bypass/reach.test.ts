import { expect } from '@jest/globals';
import type { WriteRule } from '@holdpoint/core';
import type { Caller, Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import { configMap, configMaps, core, deployments, group, pod, type KubeObject, type World } from './world.ts';

const labels = { family: 'reach' };
const workload = (apiVersion: string, kind: string, namespace: string, name: string, spec: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  spec,
});
const template = {
  metadata: { labels: { app: 'made' } },
  spec: { nodeName: 'node-1', restartPolicy: 'Never', containers: [{ name: 'c', image: 'registry.example/c:1' }] },
};
const always = { ...template, spec: { ...template.spec, restartPolicy: 'Always' } };
const selector = { matchLabels: { app: 'made' } };

/** A controller that would do the agent's work in prod; the same in dev is free. */
const controller = (
  kind: string,
  path: (namespace: string) => string,
  of: (namespace: string) => KubeObject,
): Evasion => ({
  evasion: `a ${kind} whose controller makes the pods`,
  async attempt(world) {
    await world.direct({ method: 'POST', path: path('prod'), body: of('prod') });
    await world.proxied({ method: 'POST', path: path('prod'), body: of('prod') });
    expect(await world.exists(`${path('prod')}/made`)).toBe(false);
  },
  async twin(world) {
    await world.direct({ method: 'POST', path: path('dev'), body: of('dev') });
    expect(await world.exists(`${path('dev')}/made`)).toBe(true);
  },
});

/** A write to a subresource of the pod `target` in prod; `changed` tells by the pod as admin sees it. */
const onPod = (
  what: string,
  of: (path: string) => Sent,
  changed: (seen: KubeObject | undefined) => boolean,
  twin?: Evasion['twin'],
): Evasion => ({
  evasion: what,
  async attempt(world) {
    await world.put(pod('prod', 'target'));
    await world.direct(of(core('prod', 'pods', 'target')));
    await world.proxied(of(core('prod', 'pods', 'target')));
    expect(changed(await world.see(core('prod', 'pods', 'target')))).toBe(false);
  },
  async twin(world) {
    if (twin !== undefined) return twin(world);
    await world.put(pod('dev', 'target'));
    await world.admin(of(core('dev', 'pods', 'target')));
    expect(changed(await world.see(core('dev', 'pods', 'target')))).toBe(true);
  },
});
const isGoing = (seen: KubeObject | undefined): boolean =>
  seen?.metadata['deletionTimestamp'] !== undefined || seen === undefined;
const containersOf = (seen: KubeObject | undefined, field: string): unknown[] =>
  (seen?.['spec'] as Record<string, unknown[]> | undefined)?.[field] ?? [];
const ephemeral = { name: 'debug', image: 'registry.example/debug:1', targetContainerName: 'c' };

/** A collection of three in prod, deleted in some way; the twin deletes the same in dev. */
const collection = (how: string, remove: (world: World, namespace: string) => Promise<unknown>): Evasion => {
  const names = ['c-1', 'c-2', 'c-3'];
  const count = async (world: World, namespace: string): Promise<number> => {
    const seen = await world.see(`${configMaps(namespace)}?labelSelector=family%3Dreach`);
    return (seen as unknown as { items: unknown[] }).items.length;
  };
  const fill = async (world: World, namespace: string): Promise<void> => {
    for (const name of names) await world.put(configMap(namespace, name, {}, { labels }));
  };
  return {
    evasion: `a collection deleted ${how}`,
    async attempt(world) {
      await fill(world, 'prod');
      await remove(world, 'prod');
      expect(await count(world, 'prod')).toBe(3);
    },
    async twin(world) {
      await fill(world, 'dev');
      await remove(world, 'dev');
      expect(await count(world, 'dev')).toBe(0);
    },
  };
};
const byLabel = 'labelSelector=family%3Dreach';

const terminals: WriteRule[] = [
  {
    name: 'terminals',
    action: 'Hold',
    namespaces: ['prod'],
    resourceRules: [{ apiGroups: [''], resources: ['pods/exec', 'pods/attach'], operations: ['CONNECT'] }],
  },
  { name: 'rest', action: 'Allow', resourceRules: [{ apiGroups: ['*'], resources: ['*/*'], operations: ['*'] }] },
];
let shell: Caller;
let runningPod: string;
const exec = (argv: readonly string[], verb = 'exec'): Sent => ({
  method: 'POST',
  path: `${core('prod', 'pods', runningPod)}/${verb}?container=web&stdout=true${argv.map((each) => `&command=${each}`).join('')}`,
});
const owner = async (world: World, path: string) => {
  const seen = await world.see(path);
  return [{ apiVersion: seen?.apiVersion, kind: seen?.kind, name: seen?.metadata.name, uid: seen?.metadata['uid'] }];
};

describeEvasions(
  'reaching the same end another way',
  [
    controller(
      'Job',
      (namespace) => group('batch/v1', namespace, 'jobs'),
      (namespace) => workload('batch/v1', 'Job', namespace, 'made', { template }),
    ),
    controller(
      'CronJob',
      (namespace) => group('batch/v1', namespace, 'cronjobs'),
      (namespace) =>
        workload('batch/v1', 'CronJob', namespace, 'made', {
          schedule: '* * * * *',
          jobTemplate: { spec: { template } },
        }),
    ),
    controller('Deployment', deployments, (namespace) =>
      workload('apps/v1', 'Deployment', namespace, 'made', { selector, template: always }),
    ),
    controller(
      'ReplicaSet',
      (namespace) => group('apps/v1', namespace, 'replicasets'),
      (namespace) => workload('apps/v1', 'ReplicaSet', namespace, 'made', { selector, template: always }),
    ),
    controller(
      'DaemonSet',
      (namespace) => group('apps/v1', namespace, 'daemonsets'),
      (namespace) => workload('apps/v1', 'DaemonSet', namespace, 'made', { selector, template: always }),
    ),
    controller(
      'bare Pod with another’s service account',
      (namespace) => core(namespace, 'pods'),
      (namespace) => pod(namespace, 'made', { serviceAccountName: 'default' }),
    ),
    controller(
      'ReplicationController',
      (namespace) => core(namespace, 'replicationcontrollers'),
      (namespace) => ({
        ...workload('v1', 'ReplicationController', namespace, 'made', { selector: { app: 'made' }, template: always }),
      }),
    ),
    controller(
      'PodTemplate',
      (namespace) => core(namespace, 'podtemplates'),
      (namespace) => ({
        ...{ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'made', namespace } },
        template: always,
      }),
    ),
    {
      evasion: 'an autoscaler that scales beyond what its rule lets the agent',
      async attempt(world) {
        const hpa = workload('autoscaling/v2', 'HorizontalPodAutoscaler', 'prod', 'grow', {
          ...{ minReplicas: 50, maxReplicas: 90 },
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        });
        const path = group('autoscaling/v2', 'prod', 'horizontalpodautoscalers');
        await world.direct({ method: 'POST', path, body: hpa });
        await world.proxied({ method: 'POST', path, body: hpa });
        expect(await world.exists(`${path}/grow`)).toBe(false);
      },
      async twin(world) {
        await world.direct({
          method: 'PUT',
          path: `${deployments('prod', 'web')}/scale`,
          body: await scaled(world, 4),
        });
        expect((await world.see(deployments('prod', 'web')))?.['spec']).toMatchObject({ replicas: 4 });
      },
    },
    onPod(
      'an eviction in place of a delete',
      (path) => ({
        method: 'POST',
        path: `${path}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'target' } },
      }),
      isGoing,
    ),
    onPod(
      'a debugging container put into a running pod',
      (path) => ({
        method: 'PATCH',
        path: `${path}/ephemeralcontainers`,
        type: 'application/strategic-merge-patch+json',
        body: { spec: { ephemeralContainers: [ephemeral] } },
      }),
      (seen) => containersOf(seen, 'ephemeralContainers').length > 0,
    ),
    onPod(
      'a pod’s status forged, so that it gets no more traffic',
      (path) => ({ method: 'PATCH', path: `${path}/status`, body: { status: { phase: 'Failed', reason: 'Forged' } } }),
      (seen) => (seen?.['status'] as { reason?: string } | undefined)?.reason === 'Forged',
    ),
    onPod(
      'a pod resized in place',
      (path) => ({
        method: 'PATCH',
        path: `${path}/resize`,
        type: 'application/strategic-merge-patch+json',
        body: { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1m' } } }] } },
      }),
      (seen) => JSON.stringify(containersOf(seen, 'containers')).includes('"cpu"'),
      async (world) => {
        await world.put(pod('dev', 'target'));
        await world.direct({ method: 'PATCH', path: core('dev', 'pods', 'target'), body: { metadata: { labels } } });
        expect((await world.see(core('dev', 'pods', 'target')))?.metadata.labels).toEqual(labels);
      },
    ),
    {
      evasion: 'a pod bound to a node in place of the scheduler',
      async attempt(world) {
        await world.put({ ...pod('prod', 'unbound'), spec: { containers: [{ name: 'c', image: 'x' }] } });
        const body = {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: 'unbound', namespace: 'prod' },
          target: { kind: 'Node', name: 'node-1' },
        };
        await world.direct({ method: 'POST', path: `${core('prod', 'pods', 'unbound')}/binding`, body });
        await world.direct({ method: 'POST', path: core('prod', 'bindings'), body });
        expect((await world.see(core('prod', 'pods', 'unbound')))?.['spec']).not.toHaveProperty('nodeName');
      },
      async twin(world) {
        const sent: Sent = { method: 'POST', path: core('prod', 'pods'), body: pod('prod', 'bound') };
        await world.askAndApprove(world.direct, sent);
        await world.direct(sent);
        expect((await world.see(core('prod', 'pods', 'bound')))?.['spec']).toHaveProperty('nodeName');
      },
    },
    collection('raw', (world, namespace) =>
      world.direct({ method: 'DELETE', path: `${configMaps(namespace)}?${byLabel}` }),
    ),
    collection('raw, through the proxy', (world, namespace) =>
      world.proxied({ method: 'DELETE', path: `${configMaps(namespace)}?${byLabel}` }),
    ),
    collection('with the selector in a field of its own', (world, namespace) =>
      world.direct({
        method: 'DELETE',
        path: `${configMaps(namespace)}?${byLabel}&fieldSelector=metadata.name!%3Dnone`,
      }),
    ),
    collection('by kubectl delete -l', (world, namespace) =>
      world.kubectl('agent', ['delete', 'configmaps', '-n', namespace, '-l', 'family=reach', '--wait=false']),
    ),
    {
      evasion: 'a namespace deleted with all that is in it',
      async attempt(world) {
        for (const as of [world.direct, world.proxied]) await as({ method: 'DELETE', path: '/api/v1/namespaces/prod' });
        await world.kubectl('agent', ['delete', 'namespace', 'prod', '--wait=false']);
        await world.direct({
          method: 'PUT',
          path: '/api/v1/namespaces/prod/finalize',
          body: { ...(await world.see('/api/v1/namespaces/prod')), spec: {} },
        });
        await world.direct({
          method: 'PATCH',
          path: '/api/v1/namespaces/prod/status',
          body: { status: { phase: 'Terminating' } },
        });
        expect((await world.see('/api/v1/namespaces/prod'))?.['status']).toEqual({ phase: 'Active' });
        expect((await world.see('/api/v1/namespaces/prod'))?.['spec']).toEqual({ finalizers: ['kubernetes'] });
      },
      async twin(world) {
        await world.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'spare' } });
        await world.carol({ method: 'DELETE', path: '/api/v1/namespaces/spare' });
        expect((await world.see('/api/v1/namespaces/spare'))?.metadata['deletionTimestamp'] ?? 'gone').toBeTruthy();
      },
    },
    {
      evasion: 'a namespace where it works freely, deleted as an object in itself',
      async attempt(world) {
        await world.direct({ method: 'DELETE', path: '/api/v1/namespaces/dev' });
        await world.direct({
          method: 'PATCH',
          path: '/api/v1/namespaces/dev',
          body: { metadata: { labels: { tier: 'prod' } } },
        });
        const seen = await world.see('/api/v1/namespaces/dev');
        expect(seen?.metadata['deletionTimestamp']).toBeUndefined();
        expect(seen?.metadata.labels).not.toHaveProperty('tier');
      },
      async twin(world) {
        await world.put(configMap('dev', 'in-dev'));
        await world.direct({ method: 'DELETE', path: configMaps('dev', 'in-dev') });
        expect(await world.exists(configMaps('dev', 'in-dev'))).toBe(false);
      },
    },
    {
      evasion: 'a CRD deleted with every object of its kind',
      async attempt(world) {
        for (const name of ['holds', 'grants', 'accesspolicies']) {
          const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}.holdpoint.dev`;
          await world.direct({ method: 'DELETE', path });
          await world.proxied({ method: 'DELETE', path });
          expect((await world.see(path))?.metadata['deletionTimestamp']).toBeUndefined();
        }
      },
      async twin(world) {
        expect(await world.exists('/apis/holdpoint.dev/v1alpha1/accesspolicies/coding-agents')).toBe(true);
        expect((await world.kubectl('agent', ['get', 'crd', '-o', 'name'])).stdout).toContain('holds.holdpoint.dev');
      },
    },
    {
      evasion: 'an owner that is gone, written onto another’s object so that it is collected',
      async attempt(world) {
        await world.put(configMap('prod', 'owned', { a: '1' }));
        const ownerReferences = [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' },
        ];
        for (const as of [world.direct, world.proxied]) {
          await as({ method: 'PATCH', path: configMaps('prod', 'owned'), body: { metadata: { ownerReferences } } });
        }
        expect((await world.see(configMaps('prod', 'owned')))?.metadata['ownerReferences']).toBeUndefined();
      },
      async twin(world) {
        await world.put(configMap('dev', 'parent'));
        await world.put(configMap('dev', 'owned'));
        const ownerReferences = await owner(world, configMaps('dev', 'parent'));
        await world.direct({
          method: 'PATCH',
          path: configMaps('dev', 'owned'),
          body: { metadata: { ownerReferences } },
        });
        expect((await world.see(configMaps('dev', 'owned')))?.metadata['ownerReferences']).toHaveLength(1);
      },
    },
    {
      evasion: 'an owner in a free namespace for an object that is not',
      async attempt(world) {
        await world.put(configMap('dev', 'far-owner'));
        const ownerReferences = await owner(world, configMaps('dev', 'far-owner'));
        const body = configMap('prod', 'far-owned', {}, { ownerReferences });
        await world.direct({ method: 'POST', path: configMaps('prod'), body });
        expect(await world.exists(configMaps('prod', 'far-owned'))).toBe(false);
      },
      async twin(world) {
        await world.put(configMap('dev', 'far-owner'));
        const ownerReferences = await owner(world, configMaps('dev', 'far-owner'));
        const body = configMap('dev', 'near-owned', {}, { ownerReferences });
        await world.direct({ method: 'POST', path: configMaps('dev'), body });
        expect(await world.exists(configMaps('dev', 'near-owned'))).toBe(true);
      },
    },
    {
      evasion: 'a finalizer put onto an object, so that nobody can delete it',
      async attempt(world) {
        await world.put(configMap('prod', 'pinned'));
        await world.direct({
          method: 'PATCH',
          path: configMaps('prod', 'pinned'),
          body: { metadata: { finalizers: ['agent.example/stay'] } },
        });
        await world.admin({ method: 'DELETE', path: configMaps('prod', 'pinned') });
        expect(await world.exists(configMaps('prod', 'pinned'))).toBe(false);
      },
      async twin(world) {
        await world.put(configMap('dev', 'pinned'));
        await world.direct({
          method: 'PATCH',
          path: configMaps('dev', 'pinned'),
          body: { metadata: { finalizers: ['agent.example/stay'] } },
        });
        expect((await world.see(configMaps('dev', 'pinned')))?.metadata['finalizers']).toEqual(['agent.example/stay']);
        await world.admin({
          method: 'PATCH',
          path: configMaps('dev', 'pinned'),
          body: { metadata: { finalizers: null } },
        });
      },
    },
    {
      evasion: 'a finalizer taken off what is being deleted, so that it goes at once',
      async attempt(world) {
        await world.put(configMap('prod', 'going', {}, { finalizers: ['backup.example/first'] }));
        await world.admin({ method: 'DELETE', path: configMaps('prod', 'going') });
        await world.direct({
          method: 'PATCH',
          path: configMaps('prod', 'going'),
          body: { metadata: { finalizers: null } },
        });
        expect(await world.exists(configMaps('prod', 'going'))).toBe(true);
      },
      async twin(world) {
        await world.admin({
          method: 'PATCH',
          path: configMaps('prod', 'going'),
          body: { metadata: { finalizers: null } },
        });
        expect(await world.exists(configMaps('prod', 'going'))).toBe(false);
      },
    },
    {
      evasion: 'a write through a tunnel: nodes/proxy, services/proxy, pods/proxy',
      async attempt(world) {
        const paths = [
          `/api/v1/nodes/node-1/proxy/run/prod/${runningPod}/web?cmd=id`,
          `${core('prod', 'services', 'web')}/proxy/shutdown`,
          `${core('prod', 'pods', runningPod)}/proxy/shutdown`,
        ];
        for (const path of paths) {
          for (const as of [world.direct, world.proxied]) {
            const answer = await as({ method: 'POST', path, body: {} });
            expect(answer.code).toBe(403);
          }
        }
      },
      async twin(world) {
        const logs = await world.kubectl('agent', ['logs', '-n', 'prod', runningPod]);
        expect(logs.stdout).toContain('shop listens');
      },
    },
    {
      evasion: 'a terminal past the proxy, where nobody records it',
      async attempt(world) {
        for (const verb of ['exec', 'attach']) {
          const answer = await world.direct(exec(['echo', 'unseen'], verb));
          expect(answer.code).toBe(403);
        }
        const args = ['exec', '-n', 'prod', runningPod, '--', 'touch', `${world.stack.dir}/touched`];
        await world.kubectl('agent-direct', args);
        await world.kubectl('agent-direct', ['cp', '-n', 'prod', '/etc/hostname', `${runningPod}:/tmp/hostname`]);
        const look = ['exec', '-n', 'prod', runningPod, '--', 'test', '-e', `${world.stack.dir}/touched`];
        expect((await world.kubectl('admin', look)).code).not.toBe(0);
      },
      async twin(world) {
        const args = ['exec', '-n', 'prod', runningPod, '--', 'echo', 'recorded'];
        expect(await world.kubectl('agent', args)).toMatchObject({ code: 0, stdout: 'recorded\n' });
      },
    },
    {
      evasion: 'after an exec is approved, another argv, another container, or attach in its place',
      async attempt(world) {
        await world.askAndApprove(shell, exec(['id']));
        const others = [
          exec(['id', '-u']),
          { ...exec(['id']), path: exec(['id']).path.replace('stdout=true', 'stdin=true') },
          exec(['id'], 'attach'),
        ];
        for (const sent of others) expect((await shell(sent)).text).toMatch(/held for approval/);
      },
      async twin(world) {
        // Admitted: what comes after is that this is no upgrade, which is the stream's affair.
        const answer = await shell(exec(['id']));
        expect(answer.text).not.toMatch(/admission webhook/);
        expect((await shell(exec(['id']))).text).toMatch(/held for approval/);
        expect(await world.exists(core('prod', 'pods', runningPod))).toBe(true);
      },
    },
    {
      evasion: 'kubectl debug, port-forward and cp in place of exec',
      async attempt(world) {
        await world.kubectl('agent-direct', [
          'debug',
          '-n',
          'prod',
          runningPod,
          '--image=registry.example/x:1',
          '--attach=false',
        ]);
        const forwarded = await world.direct({
          method: 'POST',
          path: `${core('prod', 'pods', runningPod)}/portforward?ports=80`,
        });
        expect(forwarded.text).toMatch(/held for approval/);
        expect(containersOf(await world.see(core('prod', 'pods', runningPod)), 'ephemeralContainers')).toEqual([]);
      },
      async twin(world) {
        expect((await world.kubectl('agent', ['describe', 'pod', '-n', 'prod', runningPod])).stdout).toContain(
          runningPod,
        );
      },
    },
  ],
  async (world) => {
    const seen = (await world.see(`${core('prod', 'pods')}?labelSelector=app%3Dweb`)) as unknown as {
      items: KubeObject[];
    };
    runningPod = seen.items[0]?.metadata.name ?? '';
    shell = await world.account('shell', terminals, { exec: { record: 'Off' } });
  },
);

async function scaled(world: World, replicas: number): Promise<object> {
  return { ...(await world.see(`${deployments('prod', 'web')}/scale`)), spec: { replicas } };
}

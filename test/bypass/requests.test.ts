import { expect } from '@jest/globals';
import type { Answer, Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import { configMap, configMaps, core, deployments, group, holdOf, type KubeObject, type World } from './world.ts';

const create = (name: string, more: Partial<Sent> = {}, namespace = 'prod'): Sent => ({
  method: 'POST',
  path: configMaps(namespace),
  body: configMap(namespace, name),
  ...more,
});
const dataOf = async (world: World, name: string, namespace = 'prod'): Promise<unknown> =>
  (await world.see(configMaps(namespace, name)))?.['data'];

/** Through the proxy with these headers: refused, or held like anybody's; the twin is the same without them. */
const withHeaders = (what: string, headers: Record<string, string | string[]>): Evasion => {
  const name = `header-${what.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return {
    evasion: `through the proxy, with ${what}`,
    async attempt(world) {
      await world.proxied(create(name, { headers }));
      expect(await world.exists(configMaps('prod', name))).toBe(false);
    },
    async twin(world) {
      await world.proxied(create(name, {}, 'dev'));
      expect(await world.exists(configMaps('dev', name))).toBe(true);
    },
  };
};

/** A path that two readers could read in two ways. */
const odd = (what: string, path: string): Evasion => {
  const name = `path-${what.replaceAll(' ', '-')}`;
  return {
    evasion: `through the proxy, a path with ${what}`,
    async attempt(world) {
      await world.proxied({ method: 'POST', path, body: { ...configMap('prod', name), metadata: { name } } });
      expect(await world.exists(configMaps('prod', name))).toBe(false);
    },
    async twin(world) {
      await world.proxied(create(name, {}, 'dev'));
      expect(await world.exists(configMaps('dev', name))).toBe(true);
    },
  };
};

/** The same change in another form of write; the twin does it in dev, where it is free. */
const inAnotherForm = (
  what: string,
  of: (namespace: string) => Sent,
  want: { data: object | undefined } = { data: { a: '2' } },
): Evasion => {
  const name = 'form';
  const reset = (world: World, namespace: string) => world.put(configMap(namespace, name, { a: '1' }));
  return {
    evasion: `${what} in place of a plain update`,
    async attempt(world) {
      await reset(world, 'prod');
      await world.direct(of('prod'));
      await world.proxied(of('prod'));
      expect(await dataOf(world, name)).toEqual({ a: '1' });
    },
    async twin(world) {
      await reset(world, 'dev');
      await world.direct(of('dev'));
      expect(await dataOf(world, name, 'dev')).toEqual(want.data);
    },
  };
};
const patched =
  (type: string, body: object | string, query = '') =>
  (namespace: string): Sent => ({
    method: 'PATCH',
    path: `${configMaps(namespace, 'form')}${query}`,
    type,
    body,
  });
const applied = (namespace: string): object => configMap(namespace, 'form', { a: '2' });

const autoscaler = (namespace: string, version: 'v1' | 'v2'): KubeObject => ({
  apiVersion: `autoscaling/${version}`,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: `hpa-${version}`, namespace },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 90 },
});
/** Writes to a name that is not taken. Of the kinds that a PUT creates, Service is one; a ConfigMap is not. */
const upsert = (what: string, name: string, more: Partial<Sent>): Evasion => {
  const sent = (namespace: string): Sent => ({
    method: 'PUT',
    ...more,
    path: `${core(namespace, 'services', name)}${more.path ?? ''}`,
    body: { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ port: 80 }] } },
  });
  return {
    evasion: what,
    async attempt(world) {
      await world.direct(sent('prod'));
      expect(await world.exists(core('prod', 'services', name))).toBe(false);
    },
    async twin(world) {
      await world.direct(sent('dev'));
      expect(await world.exists(core('dev', 'services', name))).toBe(true);
    },
  };
};
const isRefused = (answer: Answer): boolean => answer.code >= 400;

describeEvasions('the form of a request', [
  withHeaders('Impersonate-User', { 'impersonate-user': 'carol' }),
  withHeaders('Impersonate-Extra of another session', { 'impersonate-extra-holdpoint.dev%2fsession': 'another' }),
  withHeaders('X-Remote-User and its group', { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' }),
  withHeaders('an Audit-ID of its own', { 'audit-id': '00000000-0000-0000-0000-000000000000' }),
  withHeaders('a method override', { 'x-http-method-override': 'GET', 'x-http-method': 'GET' }),
  withHeaders('an Upgrade', { connection: 'Upgrade', upgrade: 'websocket' }),
  withHeaders('a second Authorization', { authorization: ['Bearer x', 'Bearer y'] }),
  {
    evasion: 'X-Remote-User straight at the API server',
    async attempt(world) {
      const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
      await world.direct(create('front-proxy', { headers }));
      expect(await world.exists(configMaps('prod', 'front-proxy'))).toBe(false);
    },
    async twin(world) {
      await world.carol(create('front-proxy'));
      expect(await world.exists(configMaps('prod', 'front-proxy'))).toBe(true);
    },
  },
  {
    evasion: 'kubectl --as a person, and --as-group with system:masters',
    async attempt(world) {
      const args = ['create', 'configmap', 'as-a-person', '-n', 'prod'];
      await world.kubectl('agent-direct', [...args, '--as=carol', '--as-group=developers']);
      await world.kubectl('agent-direct', [...args, '--as=admin', '--as-group=system:masters']);
      await world.kubectl('agent', [...args, '--as=carol']);
      expect(await world.exists(configMaps('prod', 'as-a-person'))).toBe(false);
    },
    async twin(world) {
      await world.kubectl('admin', [
        'create',
        'configmap',
        'as-a-person',
        '-n',
        'prod',
        '--as=carol',
        '--as-group=developers',
      ]);
      expect(await world.exists(configMaps('prod', 'as-a-person'))).toBe(true);
    },
  },
  odd('an encoded slash', '/api/v1/namespaces%2Fprod/configmaps'),
  odd('a dot segment', '/api/v1/namespaces/dev/../prod/configmaps'),
  odd('an encoded dot segment', '/api/v1/namespaces/dev/%2e%2e/prod/configmaps'),
  odd('a double slash', '/api/v1/namespaces//prod/configmaps'),
  odd('the namespace in the query', '/api/v1/namespaces/prod/configmaps?namespace=dev'),
  odd('a resource percent-encoded', '/api/v1/namespaces/prod/%63onfigmaps'),
  odd('an absolute form', 'https://kubernetes.default.svc/api/v1/namespaces/prod/configmaps'),
  {
    evasion: 'the same autoscaler under another version of its API',
    async attempt(world) {
      for (const version of ['v1', 'v2'] as const) {
        await world.direct({
          method: 'POST',
          path: group(`autoscaling/${version}`, 'prod', 'horizontalpodautoscalers'),
          body: autoscaler('prod', version),
        });
        const path = group('autoscaling/v2', 'prod', 'horizontalpodautoscalers', `hpa-${version}`);
        expect(await world.exists(path)).toBe(false);
      }
    },
    async twin(world) {
      const sent: Sent = {
        method: 'POST',
        path: group('autoscaling/v2', 'prod', 'horizontalpodautoscalers'),
        body: autoscaler('prod', 'v2'),
      };
      await world.askAndApprove(world.direct, sent);
      await world.direct(sent);
      expect(await world.exists(group('autoscaling/v1', 'prod', 'horizontalpodautoscalers', 'hpa-v2'))).toBe(true);
    },
  },
  {
    evasion: 'an Event under its other API group',
    async attempt(world) {
      const event = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'other-group', namespace: 'prod' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'x.example/y',
        reportingInstance: 'y',
        action: 'Do',
        reason: 'Because',
        regarding: { kind: 'Namespace', name: 'prod', namespace: 'prod' },
        type: 'Normal',
      };
      await world.direct({ method: 'POST', path: group('events.k8s.io/v1', 'prod', 'events'), body: event });
      expect(await world.exists(group('events.k8s.io/v1', 'prod', 'events', 'other-group'))).toBe(false);
    },
    async twin(world) {
      const event = {
        ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'core-group', namespace: 'dev' } },
        ...{ involvedObject: { kind: 'Pod', name: 'p', namespace: 'dev' }, reason: 'Because', type: 'Normal' },
      };
      await world.direct({ method: 'POST', path: '/api/v1/namespaces/dev/events', body: event });
      expect(await world.exists(group('events.k8s.io/v1', 'dev', 'events', 'core-group'))).toBe(true);
    },
  },
  inAnotherForm(
    'a JSON patch',
    patched('application/json-patch+json', [{ op: 'replace', path: '/data/a', value: '2' }]),
  ),
  inAnotherForm('a merge patch', patched('application/merge-patch+json', { data: { a: '2' } })),
  inAnotherForm('a strategic patch', patched('application/strategic-merge-patch+json', { data: { a: '2' } })),
  inAnotherForm(
    'a strategic patch that replaces whole',
    patched('application/strategic-merge-patch+json', { data: { $patch: 'replace', a: '2' } }),
  ),
  inAnotherForm('a forced apply by another manager', (namespace) =>
    patched(
      'application/apply-patch+yaml',
      applied(namespace),
      '?fieldManager=kube-controller-manager&force=true',
    )(namespace),
  ),
  inAnotherForm(
    'an apply that gives everything up',
    (namespace) =>
      patched(
        'application/apply-patch+yaml',
        { ...applied(namespace), data: {} },
        '?fieldManager=kubectl&force=true',
      )(namespace),
    { data: undefined },
  ),
  inAnotherForm('a PUT', (namespace) => ({
    method: 'PUT',
    path: configMaps(namespace, 'form'),
    body: applied(namespace),
  })),
  inAnotherForm('YAML', (namespace) => ({
    method: 'PUT',
    path: configMaps(namespace, 'form'),
    type: 'application/yaml',
    body: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: form, namespace: ${namespace}}\ndata: {a: "2"}\n`,
  })),
  inAnotherForm('keys named twice', (namespace) => ({
    method: 'PUT',
    path: configMaps(namespace, 'form'),
    body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"form","namespace":"${namespace}"},"data":{"a":"1"},"data":{"a":"2"}}`,
  })),
  upsert('a PUT that creates', 'by-put', {}),
  upsert('an apply that creates', 'by-apply', {
    method: 'PATCH',
    path: '?fieldManager=x',
    type: 'application/apply-patch+yaml',
  }),
  {
    evasion: 'names of another namespace in the body than in the path',
    async attempt(world) {
      await world.direct({ method: 'POST', path: configMaps('dev'), body: configMap('prod', 'two-places') });
      expect(await world.exists(configMaps('prod', 'two-places'))).toBe(false);
    },
    async twin(world) {
      const body = { ...configMap('dev', 'two-places'), metadata: { name: 'two-places' } };
      await world.direct({ method: 'POST', path: configMaps('dev'), body });
      expect(await world.exists(configMaps('dev', 'two-places'))).toBe(true);
    },
  },
  {
    evasion: 'generateName, so that no rule knows the name',
    async attempt(world) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'drawn-', namespace: 'prod' } };
      const answer = await world.direct({ method: 'POST', path: configMaps('prod'), body });
      expect(holdOf(answer)).toBeDefined();
      expect((await world.admin({ method: 'GET', path: configMaps('prod') })).text).not.toContain('drawn-');
    },
    async twin(world) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'drawn-', namespace: 'dev' } };
      await world.direct({ method: 'POST', path: configMaps('dev'), body });
      expect((await world.admin({ method: 'GET', path: configMaps('dev') })).text).toContain('"drawn-');
    },
  },
  {
    evasion: 'control and bidirectional characters in names and labels',
    async attempt(world) {
      for (const [i, label] of ['a\u202eb', 'a\u0000b', 'a\nb', 'а'].entries()) {
        const body = configMap('dev', `odd-${String(i)}`, {}, { labels: { app: label } });
        expect(isRefused(await world.direct({ method: 'POST', path: configMaps('dev'), body }))).toBe(true);
        const named = await world.direct({ method: 'POST', path: configMaps('dev'), body: configMap('dev', label) });
        expect(isRefused(named)).toBe(true);
        expect(await world.exists(configMaps('dev', `odd-${String(i)}`))).toBe(false);
      }
    },
    async twin(world) {
      await world.direct({
        method: 'POST',
        path: configMaps('dev'),
        body: configMap('dev', 'even', { text: 'ü\u202e漢' }),
      });
      expect(await dataOf(world, 'even', 'dev')).toEqual({ text: 'ü\u202e漢' });
    },
  },
  {
    evasion: 'the scale of a deployment, beyond what its rule allows',
    async attempt(world) {
      for (const replicas of [11, 2_147_483_647, 1e30]) {
        await world.direct({
          method: 'PATCH',
          path: `${deployments('prod', 'web')}/scale`,
          body: { spec: { replicas } },
        });
      }
      await world.direct({ method: 'PATCH', path: deployments('prod', 'web'), body: { spec: { replicas: 3 } } });
      expect((await world.see(deployments('prod', 'web')))?.['spec']).toMatchObject({ replicas: 2 });
    },
    async twin(world) {
      await world.kubectl('agent', ['scale', 'deployment', 'web', '-n', 'prod', '--replicas=3']);
      expect((await world.see(deployments('prod', 'web')))?.['spec']).toMatchObject({ replicas: 3 });
    },
  },
]);

import { expect } from '@jest/globals';
import { eventually } from '../src/eventually.ts';
import type { Caller, Sent } from './caller.ts';
import { describeEvasions } from './evasions.ts';
import { configMap, configMaps, core, holdOf, holds, type World } from './world.ts';

const create = (name: string, data: Record<string, string> = {}, more: object = {}, namespace = 'prod'): Sent => ({
  method: 'POST',
  path: configMaps(namespace),
  body: configMap(namespace, name, data, more),
});
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const thing = (name: string, body: string): Sent => ({
  method: 'POST',
  path: '/apis/flood.example/v1/namespaces/prod/things',
  body: `{"apiVersion":"flood.example/v1","kind":"Thing","metadata":{"name":"${name}","namespace":"prod"},"body":${body}}`,
});
const things = (name: string) => `/apis/flood.example/v1/namespaces/prod/things/${name}`;
const approvedThing = async (world: World, name: string, body: string): Promise<void> => {
  await world.askAndApprove(world.direct, thing(name, body));
  await world.direct(thing(name, body));
  expect(await world.exists(things(name))).toBe(true);
};
const pendingOf = async (world: World, username: string): Promise<number> => {
  const { text } = await world.admin({ method: 'GET', path: holds() });
  const { items } = JSON.parse(text) as {
    items: { spec: { subject: { username: string } }; status?: { phase: string } }[];
  };
  return items.filter(({ spec, status }) => spec.subject.username === username && status?.phase === 'Pending').length;
};

let flooder: Caller;
let neighbour: Caller;

describeEvasions(
  'size, floods and failure',
  [
    {
      evasion: 'a change larger than a person can read',
      async attempt(world) {
        const large = create('large', { a: 'x'.repeat(200_000) });
        expect(holdOf(await world.direct(large))).toBeUndefined();
        await world.direct(large);
        expect(await world.exists(configMaps('prod', 'large'))).toBe(false);
      },
      async twin(world) {
        const small = create('large', { a: 'x'.repeat(30_000) });
        await world.askAndApprove(world.direct, small);
        await world.direct(small);
        expect(await world.exists(configMaps('prod', 'large'))).toBe(true);
      },
    },
    {
      evasion: 'thousands of annotations around the one change that matters',
      async attempt(world) {
        const annotations = Object.fromEntries(
          Array.from({ length: 4_000 }, (_, i) => [`noise.example/${String(i)}`, 'x'.repeat(20)]),
        );
        await world.direct(create('noise', { a: '1' }, { annotations }));
        expect(await world.exists(configMaps('prod', 'noise'))).toBe(false);
      },
      async twin(world) {
        const sent = create('noise', { a: '1' }, { annotations: { 'noise.example/1': 'x' } });
        await world.askAndApprove(world.direct, sent);
        await world.direct(sent);
        expect(await world.exists(configMaps('prod', 'noise'))).toBe(true);
      },
    },
    {
      evasion: 'managedFields so large that the object is not read whole',
      async attempt(world) {
        const fields = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`f:k${String(i)}`, {}]));
        const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' };
        const managedFields = [{ ...entry, fieldsV1: { 'f:data': fields } }];
        await world.direct(create('managed', { a: '1' }, { managedFields }));
        expect(await world.exists(configMaps('prod', 'managed'))).toBe(false);
      },
      async twin(world) {
        await world.direct(create('managed', { a: '1' }, {}, 'dev'));
        expect(await world.exists(configMaps('dev', 'managed'))).toBe(true);
      },
    },
    {
      evasion: 'an object nested until its reader’s stack is full',
      async attempt(world) {
        for (const depth of [1_000, 5_000, 9_000]) await world.direct(thing('deep', nested(depth)));
        expect(await world.exists(things('deep'))).toBe(false);
        expect(await world.stack.service('webhook').ready()).toBe(true);
      },
      twin: (world) => approvedThing(world, 'shallow', nested(20)),
    },
    {
      evasion: 'a number beyond 2^53, approved as its neighbour',
      async attempt(world) {
        for (const number of ['9007199254740993', '9007199254740992', '1e300']) {
          expect(holdOf(await world.direct(thing('number', `{"n":${number}}`)))).toBeUndefined();
        }
        expect(await world.exists(things('number'))).toBe(false);
      },
      twin: (world) => approvedThing(world, 'small-number', '{"n":9007199254740991}'),
    },
    {
      evasion: 'a key named twice in a custom resource, approved as one and stored as the other',
      async attempt(world) {
        await world.askAndApprove(world.direct, thing('twice', '{"n":1}'));
        await world.direct(thing('twice', '{"n":1,"n":2}'));
        expect(await world.exists(things('twice'))).toBe(false);
      },
      async twin(world) {
        await world.direct(thing('twice', '{"n":1}'));
        expect((await world.see(things('twice')))?.['body']).toEqual({ n: 1 });
      },
    },
    {
      evasion: 'headers as long as the server takes',
      async attempt(world) {
        const headers = { 'user-agent': 'a'.repeat(60_000), 'kubectl-command': 'kubectl '.repeat(1_500) };
        await world.direct({ ...create('long-headers'), headers });
        await world.proxied({ ...create('long-headers'), headers });
        expect(await world.exists(configMaps('prod', 'long-headers'))).toBe(false);
        const { text } = await world.admin({ method: 'GET', path: holds() });
        expect(text).not.toContain('kubectl '.repeat(100));
      },
      async twin(world) {
        await world.proxied({ ...create('headers', {}, {}, 'dev'), headers: { 'kubectl-command': 'kubectl create' } });
        expect(await world.exists(configMaps('dev', 'headers'))).toBe(true);
      },
    },
    {
      evasion: 'two hundred different questions at once',
      async attempt(world) {
        await Promise.all(Array.from({ length: 200 }, (_, i) => flooder(create(`flood-${String(i)}`))));
        expect(await pendingOf(world, 'system:serviceaccount:accounts:flooder')).toBeLessThanOrEqual(20);
        const { text } = await world.admin({ method: 'GET', path: configMaps('prod') });
        expect(text).not.toContain('"name":"flood-');
      },
      async twin(world) {
        await world.askAndApprove(neighbour, create('beside-the-flood'));
        await neighbour(create('beside-the-flood'));
        expect(await world.exists(configMaps('prod', 'beside-the-flood'))).toBe(true);
      },
    },
    {
      evasion: 'load on the webhook, with a write among it',
      async attempt(world) {
        const load = Array.from({ length: 150 }, (_, i) =>
          flooder({
            ...create(`load-${String(i)}`, { a: 'x'.repeat(300_000) }),
            path: `${configMaps('prod')}?dryRun=All`,
          }),
        );
        const writes = Array.from({ length: 10 }, (_, i) => world.direct(create(`in-the-noise-${String(i)}`)));
        await Promise.all([...load, ...writes]);
        const { text } = await world.admin({ method: 'GET', path: configMaps('prod') });
        expect(text).not.toContain('"name":"in-the-noise-');
      },
      async twin(world) {
        await world.direct(create('after-the-load', {}, {}, 'dev'));
        expect(await world.exists(configMaps('dev', 'after-the-load'))).toBe(true);
      },
    },
    {
      evasion: 'a webhook that hangs until the API server gives up',
      async attempt(world) {
        const { pid } = world.stack.service('webhook');
        if (pid === undefined) throw new Error('the webhook does not run');
        process.kill(pid, 'SIGSTOP');
        try {
          await Promise.all([world.direct(create('hanging')), world.direct(create('hanging-dev', {}, {}, 'dev'))]);
        } finally {
          process.kill(pid, 'SIGCONT');
        }
        expect(await world.exists(configMaps('prod', 'hanging'))).toBe(false);
        expect(await world.exists(configMaps('dev', 'hanging-dev'))).toBe(false);
      },
      async twin(world) {
        await world.direct(create('no-longer-hanging', {}, {}, 'dev'));
        expect(await world.exists(configMaps('dev', 'no-longer-hanging'))).toBe(true);
      },
    },
    {
      evasion: 'a mask written where it did not come from',
      async attempt(world) {
        const path = core('prod', 'secrets', 'db-credentials');
        const masked = JSON.parse((await world.proxied({ method: 'GET', path })).text) as {
          data: { password: string };
        };
        const text = Buffer.from(masked.data.password, 'base64').toString();
        expect(text).toContain('holdpoint-mask:');
        for (const value of [text, masked.data.password]) {
          await world.direct(create('copied-mask', { value }, {}, 'dev'));
        }
        for (const values of [{ stringData: { value: text } }, { data: { value: masked.data.password } }]) {
          const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'copied-mask' }, ...values };
          await world.direct({ method: 'POST', path: core('dev', 'secrets'), body: secret });
          await world.proxied({ method: 'POST', path: core('dev', 'secrets'), body: secret });
        }
        await world.direct({ method: 'PATCH', path, body: { data: masked.data } });
        expect(await world.exists(core('dev', 'secrets', 'copied-mask'))).toBe(false);
        expect(await world.exists(configMaps('dev', 'copied-mask'))).toBe(false);
        expect((await world.see(path))?.['data']).toMatchObject({
          password: Buffer.from('correct-horse-battery-staple').toString('base64'),
        });
      },
      async twin(world) {
        await world.direct({
          method: 'POST',
          path: core('dev', 'secrets'),
          body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'its-own' }, stringData: { value: 'its own' } },
        });
        expect(await world.exists(core('dev', 'secrets', 'its-own'))).toBe(true);
      },
    },
    {
      evasion: 'everything of ours is down: the agent writes; and a person never notices',
      async attempt(world) {
        for (const name of ['proxy', 'webhook', 'auditsink'] as const) await world.stack.service(name).stop();
        await world.direct(create('while-down'));
        await world.proxied(create('while-down'));
        await world.direct(create('while-down', {}, {}, 'dev'));
        await world.direct({ ...create('while-down', {}, {}, 'dev'), path: `${configMaps('dev')}?dryRun=All` });
        expect(await world.exists(configMaps('prod', 'while-down'))).toBe(false);
        expect(await world.exists(configMaps('dev', 'while-down'))).toBe(false);
      },
      async twin(world) {
        await world.carol(create('by-a-person'));
        await world.carol({ method: 'PATCH', path: configMaps('prod', 'by-a-person'), body: { data: { a: '1' } } });
        expect(await world.exists(configMaps('prod', 'by-a-person'))).toBe(true);
        await world.carol({ method: 'DELETE', path: configMaps('prod', 'by-a-person') });
        expect(await world.exists(configMaps('prod', 'by-a-person'))).toBe(false);
      },
    },
    {
      evasion: 'holds and policies taken away while everything is down; and an uninstall never hangs',
      async attempt(world) {
        await world.direct({ method: 'DELETE', path: holds() });
        await world.direct({ method: 'DELETE', path: '/apis/holdpoint.dev/v1alpha1/accesspolicies/coding-agents' });
        await world.direct({ method: 'DELETE', path: '/api/v1/namespaces/holdpoint-system' });
        expect(await world.exists('/apis/holdpoint.dev/v1alpha1/accesspolicies/coding-agents')).toBe(true);
        expect((await world.see('/api/v1/namespaces/holdpoint-system'))?.metadata['deletionTimestamp']).toBeUndefined();
      },
      async twin(world) {
        const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
        const kinds = ['holds', 'grants', 'accesspolicies'];
        for (const name of kinds) await world.admin({ method: 'DELETE', path: `${crds}/${name}.holdpoint.dev` });
        await world.admin({ method: 'DELETE', path: '/api/v1/namespaces/holdpoint-system' });
        for (const kind of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) {
          await world.admin({ method: 'DELETE', path: `/apis/admissionregistration.k8s.io/v1/${kind}/holdpoint.dev` });
        }
        await eventually('all of it is gone', async () => {
          const left = await Promise.all([
            ...kinds.map((name) => world.exists(`${crds}/${name}.holdpoint.dev`)),
            world.exists('/api/v1/namespaces/holdpoint-system'),
          ]);
          return left.includes(true) ? undefined : true;
        });
        expect((await world.direct(create('after-the-uninstall'))).code).toBe(201);
      },
    },
  ],
  async (world) => {
    await world.put({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.flood.example' },
      spec: {
        group: 'flood.example',
        names: { plural: 'things', kind: 'Thing' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { body: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              },
            },
          },
        ],
      },
    });
    [flooder, neighbour] = await Promise.all([world.account('flooder', []), world.account('neighbour', [])]);
    await eventually('the custom kind is served', async () => {
      const answer = await world.admin({ method: 'GET', path: '/apis/flood.example/v1/namespaces/prod/things' });
      return answer.code === 200 ? true : undefined;
    });
  },
);

import { expect } from '@jest/globals';
import { decisionAnnotation, type Hold, type WriteRule } from '@holdpoint/core';
import type { Answer, Caller, Sent } from './caller.ts';
import { describeEvasions, type Evasion } from './evasions.ts';
import { configMap, configMaps, core, deployments, holdOf, holds, pod, policy, type World } from './world.ts';

const create = (name: string, data: Record<string, string> = {}): Sent => ({
  method: 'POST',
  path: configMaps('prod'),
  body: configMap('prod', name, data),
});
const remove = (name: string, query = ''): Sent => ({ method: 'DELETE', path: `${configMaps('prod', name)}${query}` });
const merge = (name: string, data: Record<string, unknown>): Sent => ({
  method: 'PATCH',
  path: configMaps('prod', name),
  body: { data },
});
const dataOf = async (world: World, name: string): Promise<unknown> =>
  (await world.see(configMaps('prod', name)))?.['data'];
const holdNow = async (world: World, hold: string): Promise<Hold> => (await world.see(holds(hold))) as unknown as Hold;
const approvedStatus = {
  phase: 'Approved',
  decisions: [{ by: 'alice', verdict: 'approve', at: '2026-01-01T00:00:00Z' }],
  useBefore: '2099-01-01T00:00:00Z',
};
const annotated = (verdict: string) => ({ metadata: { annotations: { [decisionAnnotation]: verdict } } });

/** Approves its own hold in some way; the twin is alice, who approves it as one should. */
const selfApproval = (how: string, approve: (world: World, hold: string) => Promise<unknown>): Evasion => {
  const name = `self-${how.replaceAll(/[^a-z]+/g, '-')}`.slice(0, 60).replace(/-$/, '');
  return {
    evasion: `approving its own hold: ${how}`,
    async attempt(world) {
      const hold = await world.ask(world.direct, create(name));
      await approve(world, hold);
      expect(await world.phaseOf(hold)).toBe('Pending');
      await world.direct(create(name));
      expect(await world.exists(configMaps('prod', name))).toBe(false);
    },
    async twin(world) {
      await world.askAndApprove(world.direct, create(name));
      await world.direct(create(name));
      expect(await world.exists(configMaps('prod', name))).toBe(true);
    },
  };
};

/** Has one request approved and sends another; the twin sends the same, in whatever shape. */
const swapped = (
  what: string,
  rows: {
    before?: (world: World, namespace: 'prod') => Promise<unknown>;
    approved: Sent;
    sent: Sent;
    twin: Sent;
    /** True when the effect of `sent` is there. */
    happened: (world: World) => Promise<boolean>;
    twinHappened: (world: World) => Promise<boolean>;
  },
): Evasion => ({
  evasion: `after an approval, ${what}`,
  async attempt(world) {
    await rows.before?.(world, 'prod');
    await world.askAndApprove(world.direct, rows.approved);
    await world.direct(rows.sent);
    expect(await rows.happened(world)).toBe(false);
  },
  async twin(world) {
    await world.direct(rows.twin);
    expect(await rows.twinHappened(world)).toBe(true);
  },
});
const has =
  (name: string, data: object) =>
  async (world: World): Promise<boolean> =>
    JSON.stringify(await dataOf(world, name)) === JSON.stringify(data);
const gone =
  (path: string) =>
  async (world: World): Promise<boolean> =>
    !(await world.exists(path));

const people = (minApprovals: number): WriteRule[] => [
  {
    name: 'people',
    action: 'Hold',
    resourceRules: [{ apiGroups: [''], resources: ['configmaps'], operations: ['*'] }],
    hold: { minApprovals },
  },
];
const fourEyes = people(2);
let quorate: Caller;
let asker: Caller;
let brief: Caller;

describeEvasions(
  'approvals',
  [
    selfApproval('by annotation', (world, hold) => world.decide(world.direct, hold)),
    selfApproval('by annotation through the proxy', (world, hold) => world.decide(world.proxied, hold)),
    selfApproval('by annotation as another governed account', (world, hold) => world.decide(asker, hold)),
    selfApproval('as a service account that is nobody’s approver', async (world, hold) =>
      world.decide(await world.account('no-approver'), hold),
    ),
    selfApproval('as an approver whom an admin impersonates', (world, hold) =>
      world.kubectl('admin', [
        ...['annotate', 'hold', hold, `${decisionAnnotation}=approve`, '--as=alice', '--as-group=sre'],
        '--as-group=system:authenticated',
      ]),
    ),
    selfApproval('by its status', (world, hold) =>
      world.direct({ method: 'PATCH', path: holds(hold), body: { status: approvedStatus } }),
    ),
    selfApproval('by the status subresource', (world, hold) =>
      world.direct({ method: 'PATCH', path: `${holds(hold)}/status`, body: { status: approvedStatus } }),
    ),
    selfApproval('by replacing it', async (world, hold) =>
      world.direct({
        method: 'PUT',
        path: holds(hold),
        body: { ...(await holdNow(world, hold)), status: approvedStatus },
      }),
    ),
    selfApproval('by a forced apply in the webhook’s field manager', async (world, hold) =>
      world.direct({
        method: 'PATCH',
        path: `${holds(hold)}?fieldManager=kubernetes-client-javascript&force=true`,
        type: 'application/apply-patch+yaml',
        body: {
          apiVersion: 'holdpoint.dev/v1alpha1',
          kind: 'Hold',
          metadata: { name: hold },
          spec: (await holdNow(world, hold)).spec,
          status: approvedStatus,
        },
      }),
    ),
    selfApproval('by making itself an approver', (world, hold) =>
      world.direct({
        method: 'PATCH',
        path: holds(hold),
        body: { spec: { approvers: [{ kind: 'User', name: 'coding-agent' }] }, ...annotated('approve') },
      }),
    ),
    selfApproval('by asking for fewer people', (world, hold) =>
      world.direct({ method: 'PATCH', path: holds(hold), body: { spec: { minApprovals: 0 } } }),
    ),
    selfApproval('through an admin’s tool that copies its status', (world, hold) =>
      world.admin({ method: 'PATCH', path: holds(hold), body: { status: approvedStatus } }),
    ),
    {
      evasion: 'creating a Hold that is approved already',
      async attempt(world) {
        const hold = await world.ask(world.direct, create('forged-hold'));
        const { spec } = await holdNow(world, hold);
        const forged = { apiVersion: 'holdpoint.dev/v1alpha1', kind: 'Hold', metadata: { name: `${hold}-2` }, spec };
        for (const as of [world.direct, world.proxied, world.carol, world.admin]) {
          await as({ method: 'POST', path: holds(), body: { ...forged, status: approvedStatus } });
        }
        expect(await world.exists(holds(`${hold}-2`))).toBe(false);
        await world.direct(create('forged-hold'));
        expect(await world.exists(configMaps('prod', 'forged-hold'))).toBe(false);
      },
      async twin(world) {
        await world.askAndApprove(world.direct, create('forged-hold'));
        await world.direct(create('forged-hold'));
        expect(await world.exists(configMaps('prod', 'forged-hold'))).toBe(true);
      },
    },
    {
      evasion: 'deleting a denied hold, to ask somebody else',
      async attempt(world) {
        const hold = await world.ask(world.direct, create('denied'));
        await world.decide(world.alice, hold, 'deny');
        await world.direct({ method: 'DELETE', path: holds(hold) });
        await world.direct({ method: 'DELETE', path: holds() });
        await world.proxied({ method: 'DELETE', path: holds(hold) });
        expect(await world.phaseOf(hold)).toBe('Denied');
        expect(holdOf(await world.direct(create('denied')))).toBe(hold);
        expect(await world.phaseOf(`${hold}-2`)).toBeUndefined();
      },
      async twin(world) {
        await world.askAndApprove(world.direct, create('denied', { other: 'change' }));
        await world.direct(create('denied', { other: 'change' }));
        expect(await dataOf(world, 'denied')).toEqual({ other: 'change' });
      },
    },
    {
      evasion: 'a denied hold approved by a second approver',
      async attempt(world) {
        const hold = await world.ask(world.direct, create('overruled'));
        await world.decide(world.alice, hold, 'deny');
        await world.decide(world.bob, hold);
        await world.direct(create('overruled'));
        expect(await world.exists(configMaps('prod', 'overruled'))).toBe(false);
      },
      async twin(world) {
        const hold = await world.ask(world.direct, create('overruled', { better: 'so' }));
        await world.decide(world.bob, hold);
        await world.direct(create('overruled', { better: 'so' }));
        expect(await dataOf(world, 'overruled')).toEqual({ better: 'so' });
      },
    },
    {
      evasion: 'two approvals by the same person',
      async attempt(world) {
        const hold = await world.ask(quorate, create('one-person'));
        await world.decide(world.alice, hold);
        await world.decide(world.alice, hold);
        expect(await world.phaseOf(hold)).toBe('Pending');
        await quorate(create('one-person'));
        expect(await world.exists(configMaps('prod', 'one-person'))).toBe(false);
      },
      async twin(world) {
        const hold = await world.ask(quorate, create('one-person'));
        await world.decide(world.bob, hold);
        await quorate(create('one-person'));
        expect(await world.exists(configMaps('prod', 'one-person'))).toBe(true);
      },
    },
    {
      evasion: 'an approval that was asked for when fewer people were needed',
      async attempt(world) {
        await world.put(policy('asker', people(1)));
        await untilAsked(world, 1);
        await world.askAndApprove(asker, create('terms'));
        await world.put(policy('asker', fourEyes));
        await untilAsked(world, 2);
        await asker(create('terms'));
        expect(await world.exists(configMaps('prod', 'terms'))).toBe(false);
      },
      async twin(world) {
        const hold = await world.ask(asker, create('terms'));
        await world.decide(world.alice, hold);
        await world.decide(world.bob, hold);
        await asker(create('terms'));
        expect(await world.exists(configMaps('prod', 'terms'))).toBe(true);
      },
    },
    {
      evasion: 'a hold that has expired, approved all the same',
      async attempt(world) {
        const hold = await world.ask(brief, create('too-late'));
        await new Promise((resolve) => setTimeout(resolve, 3_100));
        await world.decide(world.alice, hold);
        await brief(create('too-late'));
        expect(await world.exists(configMaps('prod', 'too-late'))).toBe(false);
      },
      async twin(world) {
        await world.askAndApprove(brief, create('in-time'));
        await brief(create('in-time'));
        expect(await world.exists(configMaps('prod', 'in-time'))).toBe(true);
      },
    },
    {
      evasion: 'an approval that has lapsed',
      async attempt(world) {
        await world.askAndApprove(brief, create('lapsed'));
        await new Promise((resolve) => setTimeout(resolve, 2_100));
        await brief(create('lapsed'));
        expect(await world.exists(configMaps('prod', 'lapsed'))).toBe(false);
      },
      async twin(world) {
        await world.askAndApprove(brief, create('not-lapsed'));
        await brief(create('not-lapsed'));
        expect(await world.exists(configMaps('prod', 'not-lapsed'))).toBe(true);
      },
    },
    swapped('one byte of a value is changed', {
      approved: create('byte', { a: 'approved', b: '1' }),
      sent: create('byte', { a: 'approveD', b: '1' }),
      // White space and the order of keys are no change.
      twin: {
        ...create('byte'),
        body: ' { "data": {"b": "1",\n"a":"approved"}, "kind":"ConfigMap","metadata":{"namespace":"prod","name":"byte"},"apiVersion":"v1"}',
      },
      happened: (world) => world.exists(configMaps('prod', 'byte')),
      twinHappened: has('byte', { a: 'approved', b: '1' }),
    }),
    swapped('a key __proto__ has another value', {
      approved: {
        ...create('proto'),
        body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto","namespace":"prod"},"data":{"__proto__":"1"}}',
      },
      sent: {
        ...create('proto'),
        body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto","namespace":"prod"},"data":{"__proto__":"2"}}',
      },
      twin: {
        ...create('proto'),
        body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto","namespace":"prod"},"data":{"__proto__":"1"}}',
      },
      happened: (world) => world.exists(configMaps('prod', 'proto')),
      twinHappened: (world) => world.exists(configMaps('prod', 'proto')),
    }),
    swapped('the key __proto__ of what stands is changed to something else', {
      before: (world) =>
        world.admin({
          ...create('proto-update'),
          body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto-update","namespace":"prod"},"data":{"__proto__":"0"}}',
        }),
      approved: { ...merge('proto-update', {}), body: '{"data":{"__proto__":"1"}}' },
      sent: { ...merge('proto-update', {}), body: '{"data":{"__proto__":"2"}}' },
      twin: { ...merge('proto-update', {}), body: '{"data":{"__proto__":"1"}}' },
      happened: async (world) =>
        (await world.admin({ method: 'GET', path: configMaps('prod', 'proto-update') })).text.includes(
          '"__proto__":"2"',
        ),
      twinHappened: async (world) =>
        (await world.admin({ method: 'GET', path: configMaps('prod', 'proto-update') })).text.includes(
          '"__proto__":"1"',
        ),
    }),
    swapped('another name is written to', {
      approved: create('name-a', { a: '1' }),
      sent: create('name-b', { a: '1' }),
      twin: create('name-a', { a: '1' }),
      happened: (world) => world.exists(configMaps('prod', 'name-b')),
      twinHappened: has('name-a', { a: '1' }),
    }),
    swapped('another namespace is written to', {
      before: (world) => world.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod-x' } }),
      approved: create('place', { a: '1' }),
      sent: { method: 'POST', path: configMaps('prod-x'), body: configMap('prod-x', 'place', { a: '1' }) },
      twin: create('place', { a: '1' }),
      happened: (world) => world.exists(configMaps('prod-x', 'place')),
      twinHappened: has('place', { a: '1' }),
    }),
    swapped('another kind of the same name is written to', {
      approved: create('kind', { a: 'MQ==' }),
      sent: {
        method: 'POST',
        path: core('prod', 'secrets'),
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kind', namespace: 'prod' }, data: { a: 'MQ==' } },
      },
      twin: create('kind', { a: 'MQ==' }),
      happened: (world) => world.exists(core('prod', 'secrets', 'kind')),
      twinHappened: has('kind', { a: 'MQ==' }),
    }),
    swapped('another account sends it', {
      approved: create('whose', { a: '1' }),
      sent: create('whose-other', { a: '1' }),
      twin: create('whose', { a: '1' }),
      happened: async (world) => {
        await asker(create('whose', { a: '1' }));
        return world.exists(configMaps('prod', 'whose'));
      },
      twinHappened: has('whose', { a: '1' }),
    }),
    swapped('a field is sent beside it that the approved one had not', {
      before: (world) => world.put(configMap('prod', 'beside', { a: '1' })),
      approved: merge('beside', { a: '2' }),
      sent: merge('beside', { a: '2', extra: 'x' }),
      twin: {
        method: 'PATCH',
        path: configMaps('prod', 'beside'),
        type: 'application/json-patch+json',
        body: [{ op: 'replace', path: '/data/a', value: '2' }],
      },
      happened: async (world) => 'extra' in ((await dataOf(world, 'beside')) as object),
      twinHappened: has('beside', { a: '2' }),
    }),
    {
      evasion: 'what was approved as 1 → 2 sent when the value is no longer 1',
      async attempt(world) {
        await world.put(configMap('prod', 'moved-on', { a: '1' }));
        await world.askAndApprove(world.direct, merge('moved-on', { a: '2' }));
        await world.put(configMap('prod', 'moved-on', { a: '7' }));
        await world.direct(merge('moved-on', { a: '2' }));
        expect(await dataOf(world, 'moved-on')).toEqual({ a: '7' });
      },
      async twin(world) {
        await world.put(configMap('prod', 'moved-on', { a: '1' }));
        await world.admin({
          method: 'PATCH',
          path: configMaps('prod', 'moved-on'),
          body: { metadata: { labels: { by: 'somebody' } } },
        });
        await world.direct(merge('moved-on', { a: '2' }));
        expect(await dataOf(world, 'moved-on')).toEqual({ a: '2' });
      },
    },
    {
      evasion: 'an approved delete, used on a namesake made since',
      async attempt(world) {
        await world.put(configMap('prod', 'namesake', { a: '1' }));
        await world.askAndApprove(world.direct, remove('namesake'));
        await world.admin(remove('namesake'));
        await world.put(configMap('prod', 'namesake', { a: '1' }));
        await world.direct(remove('namesake'));
        expect(await world.exists(configMaps('prod', 'namesake'))).toBe(true);
      },
      async twin(world) {
        await world.askAndApprove(world.direct, remove('namesake'));
        await world.direct(remove('namesake'));
        expect(await world.exists(configMaps('prod', 'namesake'))).toBe(false);
      },
    },
    swapped('a delete that leaves the pods is one that takes them along', {
      before: (world) =>
        world.kubectl('admin', ['create', 'deployment', 'orphaned', '--image=registry.example/x:1', '-n', 'prod']),
      approved: { method: 'DELETE', path: `${deployments('prod', 'orphaned')}?propagationPolicy=Orphan` },
      sent: { method: 'DELETE', path: `${deployments('prod', 'orphaned')}?propagationPolicy=Foreground` },
      twin: {
        method: 'DELETE',
        path: deployments('prod', 'orphaned'),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
      },
      happened: async (world) =>
        (await world.see(deployments('prod', 'orphaned')))?.metadata['deletionTimestamp'] !== undefined,
      twinHappened: async (world) => {
        const seen = await world.see(deployments('prod', 'orphaned'));
        return seen === undefined || seen.metadata['deletionTimestamp'] !== undefined;
      },
    }),
    swapped('a delete is by force', {
      before: (world) => world.put(pod('prod', 'forced')),
      approved: { method: 'DELETE', path: core('prod', 'pods', 'forced') },
      sent: { method: 'DELETE', path: `${core('prod', 'pods', 'forced')}?gracePeriodSeconds=0` },
      twin: { method: 'DELETE', path: core('prod', 'pods', 'forced') },
      happened: gone(core('prod', 'pods', 'forced')),
      twinHappened: async (world) => {
        const seen = await world.see(core('prod', 'pods', 'forced'));
        return seen === undefined || seen.metadata['deletionTimestamp'] !== undefined;
      },
    }),
    {
      evasion: 'one approval, fifty requests at once, under generated names',
      async attempt(world) {
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'fifty-', namespace: 'prod' } };
        const sent: Sent = { method: 'POST', path: configMaps('prod'), body };
        await world.askAndApprove(world.direct, sent);
        const all = await Promise.all(Array.from({ length: 50 }, () => world.direct(sent)));
        expect(all.filter(({ code }) => code === 201)).toHaveLength(1);
        const { text } = await world.admin({ method: 'GET', path: configMaps('prod') });
        expect(text.match(/"name":"fifty-/g)).toHaveLength(1);
      },
      async twin(world) {
        await world.askAndApprove(world.direct, create('fifty-once'));
        await world.direct(create('fifty-once'));
        expect(await world.exists(configMaps('prod', 'fifty-once'))).toBe(true);
      },
    },
    {
      evasion: 'one approval, fifty requests at once through the proxy, while the object is removed again',
      async attempt(world) {
        await world.askAndApprove(world.proxied, create('again'));
        const all = Promise.all(Array.from({ length: 50 }, () => world.proxied(create('again'))));
        const answers = [];
        for (let i = 0; i < 20; i += 1) answers.push(await world.admin(remove('again')));
        const created = (await all).filter(({ code }: Answer) => code === 201);
        expect(created.length).toBeLessThanOrEqual(1);
        expect(answers.filter(({ code }) => code === 200).length).toBeLessThanOrEqual(1);
      },
      async twin(world) {
        await world.admin(remove('again'));
        await world.askAndApprove(world.proxied, create('again', { b: '1' }));
        await world.proxied(create('again', { b: '1' }));
        expect(await dataOf(world, 'again')).toEqual({ b: '1' });
      },
    },
    {
      evasion: 'a dry run in the body or the query, to use nothing up and ask nobody',
      async attempt(world) {
        await world.put(configMap('prod', 'dry', { a: '1' }));
        const dry = [
          { ...create('dry-new'), path: `${configMaps('prod')}?dryRun=All` },
          remove('dry', '?dryRun=All'),
          { ...remove('dry'), body: { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] } },
          { ...merge('dry', { a: '2' }), path: `${configMaps('prod', 'dry')}?dryRun=All` },
        ];
        for (const sent of dry) await world.direct(sent);
        expect(await world.exists(configMaps('prod', 'dry-new'))).toBe(false);
        expect(await dataOf(world, 'dry')).toEqual({ a: '1' });
        const { text } = await world.admin({ method: 'GET', path: holds() });
        expect(text).not.toContain('"name":"dry');
      },
      async twin(world) {
        const hold = await world.askAndApprove(world.direct, merge('dry', { a: '2' }));
        await world.direct({ ...merge('dry', { a: '2' }), path: `${configMaps('prod', 'dry')}?dryRun=All` });
        expect(await world.phaseOf(hold)).toBe('Approved');
        await world.direct(merge('dry', { a: '2' }));
        expect(await dataOf(world, 'dry')).toEqual({ a: '2' });
        expect(await world.phaseOf(hold)).toBe('Used');
      },
    },
    {
      evasion: 'a dry run that half asks for one (dryRun twice, dryRun=None)',
      async attempt(world) {
        for (const query of ['?dryRun=', '?dryRun=None', '?dryRun=&dryRun=All', '?dryRun=all']) {
          await world.direct({ ...create('half-dry'), path: `${configMaps('prod')}${query}` });
        }
        expect(await world.exists(configMaps('prod', 'half-dry'))).toBe(false);
      },
      async twin(world) {
        const args = ['create', 'configmap', 'half-dry', '-n', 'prod', '--dry-run=server'];
        expect(await world.kubectl('agent', args)).toMatchObject({ code: 0 });
      },
    },
    {
      evasion:
        'claiming other people’s fields by an update that changes nothing else, so that their next apply removes them',
      async attempt(world) {
        const apply = (data: object): Sent => ({
          method: 'PATCH',
          path: `${configMaps('prod', 'claimed')}?fieldManager=pipeline&force=true`,
          type: 'application/apply-patch+yaml',
          body: { ...configMap('prod', 'claimed'), data },
        });
        await world.put(configMap('prod', 'claimed', { kept: 'by somebody else' }));
        await world.carol(apply({ mine: '1' }));
        await world.direct(apply({ mine: '1', kept: 'by somebody else' }));
        const claim = {
          manager: 'pipeline',
          operation: 'Apply',
          apiVersion: 'v1',
          time: '2026-01-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:mine': {}, 'f:kept': {} } },
        };
        await world.direct({
          method: 'PATCH',
          path: configMaps('prod', 'claimed'),
          body: { metadata: { managedFields: [claim] } },
        });
        await world.carol(apply({ mine: '1' }));
        expect(await dataOf(world, 'claimed')).toEqual({ kept: 'by somebody else', mine: '1' });
      },
      async twin(world) {
        const args = ['apply', '--server-side', '-f', '-'];
        await world.put(configMap('prod', 'upgraded', { a: '1' }));
        const answer = await world.kubectl('agent', args, configMap('prod', 'upgraded', { a: '1' }));
        expect(answer).toMatchObject({ code: 0, stderr: '' });
      },
    },
    {
      evasion: 'a decision that was left in the annotation while nobody guarded the hold',
      async attempt(world) {
        const hold = await world.ask(world.direct, create('old-note'));
        await world.stack.service('webhook').stop();
        await world.direct({ method: 'PATCH', path: holds(hold), body: annotated('approve') });
        await world.alice({ method: 'PATCH', path: holds(hold), body: annotated('approve') });
        await world.stack.service('webhook').start();
        await world.direct(create('old-note'));
        expect(await world.exists(configMaps('prod', 'old-note'))).toBe(false);
      },
      async twin(world) {
        await world.askAndApprove(world.direct, create('old-note'));
        await world.direct(create('old-note'));
        expect(await world.exists(configMaps('prod', 'old-note'))).toBe(true);
      },
    },
  ],
  async (world) => {
    quorate = await world.account('quorate', fourEyes);
    asker = await world.account('asker', fourEyes);
    brief = await world.account('brief', [], {
      hold: { approvers: [{ kind: 'Group', name: 'sre' }], pauseFor: '1s', expiresAfter: '3s', useWithin: '2s' },
    });
  },
);

/** Asks about something new each time, until the policy's newest version is the one that judges. */
async function untilAsked(world: World, minApprovals: number): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    const name = `terms-${String(minApprovals)}-${String(i)}`;
    const hold = await world.ask(asker, create(name));
    if ((await holdNow(world, hold)).spec.minApprovals === minApprovals) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the policy never came into force');
}

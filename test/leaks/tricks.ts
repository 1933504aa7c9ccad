import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../src/eventually.ts';
import { configMaps, deployments, namespace, persistentVolumes, pods, secrets, strongboxes } from './places.ts';
import { withQuery } from './representations.ts';
import { leaksIn } from './search.ts';
import type { Asked } from '../src/wire.ts';
import type { World } from './world.ts';

/** What makes the API server itself print a value, or put it where nobody looks for one. */
interface Trick {
  trick: string;
  asked: readonly Asked[];
  /** The nearest thing that is harmless, which must work. */
  twin: Asked;
}

const dryRun = withQuery('dryRun=All');
const types = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;
type PatchType = keyof typeof types;

const patch = (path: string, type: PatchType, body: object, as: string = types[type]): Asked => ({
  method: 'PATCH',
  path: dryRun(type === 'apply' ? withQuery('fieldManager=agent')(path) : path),
  body,
  type: as,
});
const labelled = (path: string): Asked => patch(path, 'merge', { metadata: { labels: { seen: 'yes' } } });

const secret = `${secrets}/opaque`;
const boxes = `${strongboxes}/box`;
const pod = `${pods}/web`;

/** Where a JSON patch could put a value so that it is shown or quoted. */
const targets: readonly string[] = [
  ...['/type', '/kind', '/apiVersion', '/immutable', '/unknown', '/stringData', '/data/another'],
  ...['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'ownerReferences'].map(
    (field) => `/metadata/${field}`,
  ),
  ...['/metadata/finalizers', '/metadata/managedFields', '/metadata/labels', '/metadata/labels/copy'],
  ...['/metadata/annotations', '/metadata/annotations/copy', '/metadata'],
];

const copies = (path: string, from: string, to: readonly string[]): Trick[] =>
  to.map((target) => ({
    trick: `${from} of ${path.split('/').slice(-2).join(' ')}, copied or moved to ${target}`,
    asked: ['copy', 'move'].flatMap((op) => [
      patch(path, 'json', [{ op, from, path: target }]),
      patch(path, 'json', [{ op, from, path: target }], 'application/json-patch+json; charset=utf-8'),
      patch(path, 'json', [{ op, from, path: target }], 'Application/JSON-Patch+JSON'),
      patch(path, 'json', [
        { op: 'add', path: '/metadata/labels', value: {} },
        { op, from, path: target },
      ]),
    ]),
    twin: patch(path, 'json', [{ op: 'add', path: '/metadata/labels', value: { seen: 'yes' } }]),
  }));

/** Bodies that a Secret, or anything that is read as one, is refused with. */
const malformed: Readonly<Record<string, object>> = {
  'a number in data': { data: { k: 5 } },
  'no base64 in data': { data: { k: 'not base64!' } },
  'a list for data': { data: [] },
  'a text for data': { data: 'text' },
  'a number in stringData': { stringData: { k: 5 } },
  'an object for the type': { type: {} },
  'another type': { type: 'kubernetes.io/tls' },
  'a text for immutable': { immutable: 'yes' },
  'a number for a label': { metadata: { labels: { x: 5 } } },
  'a label that is none': { metadata: { labels: { 'no label!': 'x' } } },
  'another name': { metadata: { name: 'other' } },
  'another namespace': { metadata: { namespace: 'default' } },
  'a version of long ago': { metadata: { resourceVersion: '1' } },
  'another kind': { kind: 'ConfigMap' },
  'another API version': { apiVersion: 'v2' },
  'a key that is none': { data: { 'no key!': 'eA==' } },
  'what no Secret has': { unknown: { a: 1 } },
};

const malformedWrites = (path: string): Trick[] =>
  Object.entries(malformed).map(([what, body]) => ({
    trick: `${path.split('/').slice(-2).join(' ')} written with ${what}`,
    asked: [
      patch(path, 'merge', body),
      patch(path, 'strategic', body),
      patch(path, 'apply', { apiVersion: 'v1', kind: 'Secret', ...body }),
      patch(withQuery('fieldValidation=Strict')(path), 'merge', body),
      patch(withQuery('fieldValidation=Warn')(path), 'merge', body),
      { method: 'PUT', path: dryRun(path), body: { apiVersion: 'v1', kind: 'Secret', ...body } },
      { method: 'POST', path: dryRun(secrets), body: { apiVersion: 'v1', kind: 'Secret', ...body } },
    ],
    twin: labelled(path),
  }));

const refusedUpdates: readonly Trick[] = [
  {
    trick: 'an immutable Secret changed, opened, emptied',
    asked: [{ data: { pin: 'eA==' } }, { immutable: false }, { data: null }, { data: { more: 'eA==' } }].flatMap(
      (body) => [patch(`${secrets}/immutable`, 'merge', body), patch(`${secrets}/immutable`, 'strategic', body)],
    ),
    twin: labelled(`${secrets}/immutable`),
  },
  {
    trick: 'a Pod’s specification changed where it cannot be: the refusal prints the old one',
    asked: [
      { spec: { containers: [{ name: 'c', command: ['other'] }] } },
      { spec: { containers: [{ name: 'c', env: [{ name: 'LOG_LEVEL', value: 'info' }] }] } },
      { spec: { hostNetwork: true } },
    ].map((body) => patch(pod, 'strategic', body)),
    twin: labelled(pod),
  },
  {
    trick: 'the template of a Job changed: the refusal prints it',
    asked: [
      patch(`/apis/batch/v1/namespaces/${namespace}/jobs/shop`, 'strategic', {
        spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } },
      }),
      patch(`/apis/batch/v1/namespaces/${namespace}/jobs/shop`, 'merge', {
        spec: { template: { spec: { containers: 5 } } },
      }),
    ],
    twin: labelled(`/apis/batch/v1/namespaces/${namespace}/jobs/shop`),
  },
  {
    trick: 'what a StatefulSet cannot change',
    asked: [
      patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/shop`, 'merge', { spec: { serviceName: 'other' } }),
      patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/shop`, 'merge', {
        spec: { selector: { matchLabels: { app: 'other' } } },
      }),
    ],
    twin: labelled(`/apis/apps/v1/namespaces/${namespace}/statefulsets/shop`),
  },
  {
    trick: 'the data of a ControllerRevision changed',
    asked: [
      patch(`/apis/apps/v1/namespaces/${namespace}/controllerrevisions/shop-1`, 'merge', { data: { other: 'x' } }),
    ],
    twin: labelled(`/apis/apps/v1/namespaces/${namespace}/controllerrevisions/shop-1`),
  },
  {
    trick: 'the source of a PersistentVolume changed: the refusal prints the old and the new',
    asked: [
      patch(`${persistentVolumes}/disk`, 'merge', { spec: { csi: { volumeHandle: 'two' } } }),
      patch(`${persistentVolumes}/disk`, 'merge', { spec: { csi: null, hostPath: { path: '/x' } } }),
    ],
    twin: labelled(`${persistentVolumes}/disk`),
  },
  {
    trick: 'a wrong type in a Deployment’s environment: the refusal quotes what stands around',
    asked: [
      patch(`${deployments}/shop`, 'merge', { spec: { replicas: 'many' } }),
      patch(`${deployments}/shop`, 'strategic', {
        spec: { template: { spec: { containers: [{ name: 'c', env: [{ name: 'DB_PASSWORD', value: 5 }] }] } } },
      }),
      patch(`${deployments}/shop`, 'json', [
        { op: 'add', path: '/spec/template/spec/containers/0/env/1/value', value: 5 },
      ]),
    ],
    twin: labelled(`${deployments}/shop`),
  },
  {
    trick: 'a custom resource’s own rule prints what it keeps',
    asked: [
      patch(boxes, 'merge', { spec: { fixed: { accessToken: 'other' } } }),
      patch(boxes, 'merge', { spec: { fixed: { accessToken: 5 } } }),
    ],
    twin: labelled(boxes),
  },
  {
    trick: 'a custom resource’s field of another type',
    asked: [
      patch(boxes, 'merge', { spec: { colour: 'mauve' } }),
      patch(boxes, 'merge', { spec: { password: 5 } }),
      patch(boxes, 'merge', { spec: { tokens: ['a', 'a'] } }),
      patch(boxes, 'merge', { spec: { tokens: 5 } }),
      patch(boxes, 'json', [{ op: 'copy', from: '/spec/tokens/0', path: '/spec/tokens/-' }]),
    ],
    twin: patch(boxes, 'merge', { spec: { colour: 'green' } }),
  },
];

const subresources: readonly Trick[] = [
  ...[
    `${pod}/status`,
    `${pod}/ephemeralcontainers`,
    `${pod}/resize`,
    `${deployments}/shop/status`,
    `${boxes}/status`,
  ].map((path): Trick => ({
    trick: `the whole object as its subresource ${path.split('/').slice(-3).join(' ')}`,
    asked: [
      { path },
      { path, headers: { accept: 'application/vnd.kubernetes.protobuf' } },
      { path, headers: { accept: 'application/yaml' } },
      labelled(path),
    ],
    twin: { path },
  })),
  {
    trick: 'the scale of a Deployment',
    asked: [{ path: `${deployments}/shop/scale` }],
    twin: { path: `${deployments}/shop/scale` },
  },
  {
    trick: 'a token for an account',
    asked: ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/cbor'].map(
      (accept) => ({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
        headers: { accept },
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      }),
    ),
    twin: { path: `/api/v1/namespaces/${namespace}/serviceaccounts/default` },
  },
  {
    trick: 'a pod’s log, in every cut',
    asked: ['', 'timestamps=true', 'tailLines=5', 'tailLines=3', 'sinceTime=2026-01-01T00:00:01Z', 'container=c']
      .concat([54, 60, 66, 72, 80, 160, 190].map((bytes) => `limitBytes=${String(bytes)}`))
      .flatMap((query) => [
        { path: `${pod}/log?${query}` },
        { path: `${pod}/log?${query}`, headers: { 'accept-encoding': 'gzip' } },
      ]),
    twin: { path: `${pod}/log?limitBytes=10` },
  },
];

/** Writes that would make the API server print, copy or send values from then on. */
const admission = (kind: string, resource: string, spec: object): Trick => ({
  trick: `a ${kind} of the agent’s own`,
  asked: [
    {
      method: 'POST',
      path: `/apis/admissionregistration.k8s.io/v1/${resource}`,
      body: { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'agents-own' }, ...spec },
    },
  ],
  twin: { path: `/apis/admissionregistration.k8s.io/v1/${resource}` },
});
const allSecrets = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['*'] }];
const printing = "'it says ' + string(oldObject.data.password)";
const admissionWrites: readonly Trick[] = [
  admission('ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    spec: {
      matchConstraints: { resourceRules: allSecrets },
      validations: [{ expression: 'false', messageExpression: printing }],
    },
  }),
  admission('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', {
    webhooks: [
      {
        name: 'copy.agents.example',
        clientConfig: { url: 'https://127.0.0.1:9/copy' },
        rules: allSecrets,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
      },
    ],
  }),
  admission('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', {
    webhooks: [
      {
        name: 'copy.agents.example',
        clientConfig: { url: 'https://127.0.0.1:9/copy' },
        rules: allSecrets,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
      },
    ],
  }),
];

const tricks: readonly Trick[] = [
  ...copies(secret, '/data/password', targets),
  ...copies(`${configMaps}/named-key`, '/data/api-token', [
    '/metadata/labels',
    '/metadata/annotations',
    '/kind',
    '/data/colour',
  ]),
  ...copies(pod, '/spec/containers/0/env/1/value', [
    ...['/spec/containers/0/imagePullPolicy', '/spec/containers/0/image', '/spec/restartPolicy', '/metadata/labels'],
    ...['/metadata/resourceVersion', '/kind'],
  ]),
  ...copies(boxes, '/spec/password', ['/spec/colour', '/spec/tokens', '/metadata/labels', '/kind']),
  ...malformedWrites(secret),
  ...refusedUpdates,
  ...subresources,
  ...admissionWrites,
];

export function describeTricks(world: () => World): void {
  describe('tricks', () => {
    test.each(tricks)('$trick: no value', async ({ asked }) => {
      const { agent, canaries } = world();
      const leaks = await Promise.all(asked.map(async (each) => leaksIn(await agent(each), canaries)));
      expect(leaks.flat()).toEqual([]);
    });

    test.each(tricks)('$trick: its harmless twin works', async ({ twin }) => {
      const { code, bytes } = await world().agent(twin);
      expect({ code, text: bytes.toString().slice(0, code === 200 ? 0 : 300) }).toEqual({ code: 200, text: '' });
    });

    test('a token for an account is given, without the token', async () => {
      const { agent } = world();
      const { code, bytes } = await agent({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      });
      expect(code).toBe(201);
      expect(JSON.parse(bytes.toString())).toHaveProperty('status.expirationTimestamp');
    });

    test('no admission configuration of the agent’s own came about', async () => {
      const { admin } = world();
      for (const { asked } of admissionWrites) {
        expect((await admin({ path: `${asked[0]?.path ?? ''}/agents-own` })).code).toBe(404);
      }
    });
  });

  describe('an admission policy of somebody else that prints what it judges', () => {
    const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
    beforeAll(async () => {
      const { put, direct } = world();
      for (const action of ['Deny', 'Warn']) {
        const name = `prints-and-${action.toLowerCase()}s`;
        await put(policies, {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicy',
          metadata: { name },
          spec: {
            matchConstraints: { resourceRules: [{ ...allSecrets[0], operations: ['UPDATE'] }] },
            matchConditions: [
              { name: 'asked', expression: `object.metadata.?labels['print'].orValue('') == '${action}'` },
            ],
            validations: [{ expression: 'false', messageExpression: printing }],
          },
        });
        await put(`${policies.replace('policies', 'policybindings')}`, {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicyBinding',
          metadata: { name },
          spec: { policyName: name, validationActions: [action] },
        });
        await eventually(`${name} is in force`, async () => {
          const { head, bytes } = await direct(printed(action));
          return `${head}${bytes.toString()}`.includes('it says') ? true : undefined;
        });
      }
    }, 120_000);

    test.each([{ action: 'Deny' }, { action: 'Warn' }])('$action: no value', async ({ action }) => {
      const { agent, canaries } = world();
      const heard = await agent(printed(action));
      expect(leaksIn(heard, canaries)).toEqual([]);
      expect(heard.code).toBe(action === 'Deny' ? 422 : 200);
    });
  });
}

const printed = (action: string): Asked => patch(secret, 'merge', { metadata: { labels: { print: action } } });

/** A copy that is really made, in an object of its own: then looked for where only metadata is shown. */
export function describeStoredCopies(world: () => World): void {
  describe('a copy that is stored', () => {
    test.each([
      { situation: 'a Secret’s value in its labels', collection: secrets, name: 'copied', from: '/data/password' },
      {
        situation: 'a ConfigMap’s in its annotations',
        collection: configMaps,
        name: 'named-key',
        from: '/data/api-token',
      },
      { situation: 'a custom resource’s in its labels', collection: strongboxes, name: 'box', from: '/spec/password' },
      { situation: 'a Pod’s in its labels', collection: pods, name: 'web', from: '/spec/containers/0/env/1/value' },
    ])('$situation: no value in any metadata', async ({ collection, name, from }) => {
      const { agent, canaries } = world();
      for (const to of ['labels', 'annotations']) {
        await agent({
          method: 'PATCH',
          path: `${collection}/${name}`,
          type: types.json,
          body: [
            { op: 'add', path: `/metadata/${to}`, value: {} },
            { op: 'copy', from, path: `/metadata/${to}/stored` },
          ],
        });
      }
      const forms = ['PartialObjectMetadataList', 'Table'].map(
        (kind) => `application/json;as=${kind};v=v1;g=meta.k8s.io`,
      );
      for (const accept of ['application/json', ...forms]) {
        expect(leaksIn(await agent({ path: collection, headers: { accept } }), canaries)).toEqual([]);
      }
    });
  });
}

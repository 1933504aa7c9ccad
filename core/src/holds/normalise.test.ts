import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../kubernetes/object.ts';
import { normaliseObject } from './normalise.ts';

const saPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As the ServiceAccount admission plugin of kube-apiserver 1.37 writes it. */
const tokenVolume = (suffix: string): JsonObject => ({
  name: `kube-api-access-${suffix}`,
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});
const tokenMount = (suffix: string): JsonObject => ({
  name: `kube-api-access-${suffix}`,
  readOnly: true,
  mountPath: saPath,
});

function pod(volumes: JsonValue[], mounts: JsonValue[]): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      volumes,
      containers: [{ name: 'c', image: 'i', volumeMounts: mounts }],
      initContainers: [{ name: 'i', volumeMounts: mounts }],
    },
  };
}

function service(spec: JsonObject, ownedSpec: JsonObject | undefined): JsonObject {
  const fieldsV1: JsonObject = ownedSpec === undefined ? {} : { 'f:spec': ownedSpec };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 's',
      ...(ownedSpec === undefined ? {} : { managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1 }] }),
    },
    spec,
  };
}
const plainService = (spec: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec,
});
const port = { port: 80, protocol: 'TCP', targetPort: 8080 };
const portOwned = (field: string): JsonObject => ({
  'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, [field]: {} } },
});

const job = (uid: string, labels: JsonObject): JsonObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', uid },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels: { ...labels, app: 'x' } }, spec: {} } },
});

describe('normaliseObject', () => {
  const attackers = (projected: JsonObject): JsonObject => ({ name: 'kube-api-access-abcde', projected });
  const rows: { situation: string; object: JsonObject; want: JsonObject }[] = [
    {
      situation: 'what the server writes into metadata: goes',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'c',
          namespace: 'n',
          labels: { a: 'b' },
          annotations: { c: 'd' },
          finalizers: ['f'],
          ownerReferences: [{ uid: 'of-the-owner' }],
          managedFields: [{}],
          resourceVersion: '1',
          uid: 'u',
          generation: 2,
          creationTimestamp: '2026-01-01T00:00:00Z',
          selfLink: '/x',
          deletionTimestamp: '2026-01-01T00:00:00Z',
          deletionGracePeriodSeconds: 0,
        },
        data: { uid: 'kept', generation: 'kept' },
      },
      want: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'c',
          namespace: 'n',
          labels: { a: 'b' },
          annotations: { c: 'd' },
          finalizers: ['f'],
          ownerReferences: [{ uid: 'of-the-owner' }],
        },
        data: { uid: 'kept', generation: 'kept' },
      },
    },
    {
      situation: 'a generated name: goes',
      object: { metadata: { generateName: 'web-', name: 'web-x7k2p' } },
      want: { metadata: { generateName: 'web-' } },
    },
    {
      situation: 'a name beside an empty generateName: stays',
      object: { metadata: { generateName: '', name: 'web' } },
      want: { metadata: { generateName: '', name: 'web' } },
    },
    {
      situation: 'no metadata: as it is',
      object: { kind: 'Scale', spec: { replicas: 1 } },
      want: { kind: 'Scale', spec: { replicas: 1 } },
    },
    { situation: 'metadata that is no object: as it is', object: { metadata: ['uid'] }, want: { metadata: ['uid'] } },
    {
      situation: "a pod's token volume and its mounts: go",
      object: pod([tokenVolume('x7k2p')], [tokenMount('x7k2p')]),
      want: pod([], []),
    },
    {
      situation: 'its own volumes and mounts: stay',
      object: pod(
        [{ name: 'data', emptyDir: {} }, tokenVolume('x7k2p')],
        [{ name: 'data', mountPath: '/data' }, tokenMount('x7k2p')],
      ),
      want: pod([{ name: 'data', emptyDir: {} }], [{ name: 'data', mountPath: '/data' }]),
    },
    ...[
      { situation: 'a hostPath under that name', volume: { name: 'kube-api-access-abcde', hostPath: { path: '/' } } },
      { situation: 'a Secret projected under that name', volume: attackers({ sources: [{ secret: { name: 'db' } }] }) },
      {
        situation: 'a Secret beside the token',
        volume: attackers({
          defaultMode: 420,
          sources: [
            ...((tokenVolume('a')['projected'] as JsonObject)['sources'] as JsonValue[]),
            { secret: { name: 'db' } },
          ],
        }),
      },
      {
        situation: 'a token for another audience',
        volume: attackers({ sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] }),
      },
      {
        situation: 'a token that lives for a year',
        volume: attackers({ sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 31_536_000 } }] }),
      },
      { situation: 'another name', volume: { ...tokenVolume('a'), name: 'kube-api-access-abcdef' } },
      { situation: 'no source at all', volume: { name: 'kube-api-access-abcde' } },
    ].map(({ situation, volume }) => ({
      situation: `${situation}: stays, for the approver to see, and so does its mount`,
      object: pod([volume], [{ ...tokenMount('a'), name: String(volume.name) }]),
      want: pod([volume], [{ ...tokenMount('a'), name: String(volume.name) }]),
    })),
    {
      situation: 'the token volume mounted elsewhere, or writable, or in part: that mount stays',
      object: pod(
        [tokenVolume('abcde')],
        [
          { ...tokenMount('abcde'), mountPath: '/tmp' },
          { ...tokenMount('abcde'), readOnly: false },
          { ...tokenMount('abcde'), subPath: 'token' },
        ],
      ),
      want: pod(
        [],
        [
          { ...tokenMount('abcde'), mountPath: '/tmp' },
          { ...tokenMount('abcde'), readOnly: false },
          { ...tokenMount('abcde'), subPath: 'token' },
        ],
      ),
    },
    {
      situation: 'a mount that names a volume that is not there: stays',
      object: pod([], [tokenMount('abcde')]),
      want: pod([], [tokenMount('abcde')]),
    },
    {
      situation: 'another kind with such a volume: stays',
      object: { ...pod([tokenVolume('abcde')], []), apiVersion: 'example.com/v1' },
      want: { ...pod([tokenVolume('abcde')], []), apiVersion: 'example.com/v1' },
    },
    {
      situation: "a Service's addresses and ports that the server drew: go",
      object: service(
        {
          type: 'NodePort',
          clusterIP: '10.0.0.7',
          clusterIPs: ['10.0.0.7'],
          healthCheckNodePort: 31_000,
          ports: [{ ...port, nodePort: 30_123 }],
        },
        { 'f:type': {}, ...portOwned('f:targetPort') },
      ),
      want: plainService({ type: 'NodePort', ports: [port] }),
    },
    {
      situation: 'an address that the client asked for: stays',
      object: service({ clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], ports: [port] }, { 'f:clusterIP': {} }),
      want: plainService({ clusterIP: '10.0.0.7', ports: [port] }),
    },
    {
      situation: 'a node port that the client asked for: stays',
      object: service({ clusterIP: '10.0.0.7', ports: [{ ...port, nodePort: 30_123 }] }, portOwned('f:nodePort')),
      want: plainService({ ports: [{ ...port, nodePort: 30_123 }] }),
    },
    {
      situation: 'a headless Service: stays headless',
      object: service({ clusterIP: 'None', clusterIPs: ['None'], ports: [port] }, {}),
      want: plainService({ clusterIP: 'None', clusterIPs: ['None'], ports: [port] }),
    },
    {
      situation: 'a Service of which nobody says what was drawn: all stays',
      object: service({ clusterIP: '10.0.0.7', ports: [{ ...port, nodePort: 30_123 }] }, undefined),
      want: plainService({ clusterIP: '10.0.0.7', ports: [{ ...port, nodePort: 30_123 }] }),
    },
    {
      situation: "a Job's own uid in its labels and selector: goes",
      object: job('u-1', { 'batch.kubernetes.io/controller-uid': 'u-1', 'controller-uid': 'u-1', 'job-name': 'j' }),
      want: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'j' },
        spec: {
          selector: { matchLabels: { 'job-name': 'j' } },
          template: { metadata: { labels: { 'job-name': 'j', app: 'x' } }, spec: {} },
        },
      },
    },
    {
      situation: "another's uid there: stays",
      object: job('u-1', { 'controller-uid': 'u-2' }),
      want: { ...job('', { 'controller-uid': 'u-2' }), metadata: { name: 'j' } },
    },
    {
      situation: 'what should be lists and objects, and is not: as it is',
      object: { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { volumes: 'x', containers: {} } },
      want: { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { volumes: 'x', containers: {} } },
    },
  ];
  test.each(rows)('$situation', ({ object, want }) => {
    const before = structuredClone(object);
    expect(normaliseObject(object)).toEqual(want);
    expect(object).toEqual(before);
  });

  test('a key __proto__ in metadata: kept as a key', () => {
    const object = JSON.parse('{"metadata":{"__proto__":{"uid":"x"},"uid":"u"}}') as JsonObject;
    expect(JSON.stringify(normaliseObject(object))).toBe('{"metadata":{"__proto__":{"uid":"x"}}}');
  });
});

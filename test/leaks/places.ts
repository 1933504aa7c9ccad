/**
 * Every place where a value may lie (design: what is masked), each with values of its own, and beside them what is harmless
 * and must come through as it is.
 */
import { gzipSync } from 'node:zlib';
import type { Canaries } from '../src/canaries.ts';
import type { KubeObject } from './kube-object.ts';
import { plantValue } from './search.ts';

export interface Place {
  /** As a row names it. */
  place: string;
  /** The collection's path. */
  collection: string;
  object: KubeObject;
}

export const namespace = 'vault';
const core = (resource: string): string => `/api/v1/namespaces/${namespace}/${resource}`;
const group = (prefix: string, resource: string): string => `/apis/${prefix}/namespaces/${namespace}/${resource}`;
export const secrets = core('secrets');
export const configMaps = core('configmaps');
export const pods = core('pods');
export const events = core('events');
export const deployments = group('apps/v1', 'deployments');
export const strongboxes = group('leaks.example/v1', 'strongboxes');
export const persistentVolumes = '/api/v1/persistentvolumes';

export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pem = (value: string): string =>
  `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC${value}\nBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n`;

/** Everything that is planted before the agent comes. */
export function placesOf(canaries: Canaries): Place[] {
  const value = (place: string, mark?: string, length?: number): string => plantValue(canaries, place, mark, length);
  return [
    ...secretPlaces(value),
    ...configMapPlaces(value),
    ...workloadPlaces(value),
    ...strongboxPlaces(value),
    ...otherPlaces(value),
  ];
}

type Value = (place: string, mark?: string, length?: number) => string;

function secretPlaces(value: Value): Place[] {
  const place = (
    name: string,
    data: Record<string, string>,
    more: Record<string, unknown> = {},
    metadata: object = {},
  ): Place => ({
    place: `Secret ${name}`,
    collection: secrets,
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        namespace,
        labels: { team: 'shop' },
        annotations: { reviewed: 'by the platform team' },
        ...metadata,
      },
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
      ...more,
    },
  });
  const applied = value('the last-applied annotation of a Secret');
  const appliedObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'applied', namespace, annotations: {} },
    stringData: { password: applied },
  };
  const copied = value('a Secret’s value in its annotation');
  return [
    place('opaque', { password: value('Secret data'), other: value('Secret data, another key') }),
    place('awkward', { text: `line one\n"${value('Secret data with quotes')}"\t\\<&>é\n` }),
    place('empty', { empty: '', one: 'x' }),
    place(
      'applied',
      { password: applied },
      {},
      { annotations: { [lastApplied]: `${JSON.stringify(appliedObject)}\n` } },
    ),
    place(
      'docker',
      {
        '.dockerconfigjson': JSON.stringify({
          auths: {
            'registry.example': {
              username: 'robot',
              password: value('a registry’s password'),
              auth: base64(`robot:${value('a registry’s auth')}`),
            },
          },
        }),
      },
      { type: 'kubernetes.io/dockerconfigjson' },
    ),
    place(
      'dockercfg',
      {
        '.dockercfg': JSON.stringify({ 'registry.example': { auth: base64(`r:${value('an old registry’s auth')}`) } }),
      },
      { type: 'kubernetes.io/dockercfg' },
    ),
    place(
      'tls',
      {
        'tls.crt': '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
        'tls.key': pem(value('a TLS key')),
      },
      { type: 'kubernetes.io/tls' },
    ),
    place('basic-auth', { username: 'shop', password: value('basic auth') }, { type: 'kubernetes.io/basic-auth' }),
    place('ssh-auth', { 'ssh-privatekey': pem(value('an SSH key')) }, { type: 'kubernetes.io/ssh-auth' }),
    place(
      'bootstrap-token-abcdef',
      { 'token-id': 'abcdef', 'token-secret': value('a bootstrap token') },
      { type: 'bootstrap.kubernetes.io/token' },
    ),
    place('own-type', { anything: value('a Secret of a type of one’s own') }, { type: 'leaks.example/own' }),
    place('immutable', { pin: value('an immutable Secret') }, { immutable: true }),
    place('nested', { config: base64(base64(value('base64 in base64'))) }),
    place(
      'sh.helm.release.v1.shop.v1',
      { release: helmPayload('shop', value('a Helm release')) },
      { type: 'helm.sh/release.v1' },
      { labels: { owner: 'helm', name: 'shop', status: 'deployed', version: '1' } },
    ),
    place('helm-copy', { notes: helmPayload('copy', value('a Helm release without its label, under another key')) }),
    place(
      'labelled',
      { one: 'x' },
      {},
      { labels: { team: 'shop', 'db-password': value('a Secret’s label with a secret’s name') } },
    ),
    place('copied', { password: copied }, {}, { annotations: { copy: base64(copied), plain: copied } }),
  ];
}

/** As helm stores it, which the Secret's own base64 comes on top of. Source: helm.sh/helm pkg/storage/driver/util.go. */
function helmPayload(name: string, value: string): string {
  const release = {
    name,
    namespace,
    version: 1,
    info: { status: 'deployed', notes: 'Thank you for installing.' },
    config: { auth: { password: value } },
    manifest: `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\nstringData:\n  password: ${value}\n`,
  };
  return gzipSync(JSON.stringify(release)).toString('base64');
}

function configMapPlaces(value: Value): Place[] {
  const place = (name: string, data: Record<string, string>, more: object = {}, metadata: object = {}): Place => ({
    place: `ConfigMap ${name}`,
    collection: configMaps,
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, ...metadata },
      data: { colour: 'red', ...data },
      ...more,
    },
  });
  const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied-settings', namespace } };
  const url = `postgres://shop:${value('a URL in last-applied')}@db/shop`;
  return [
    place('url', { 'database.url': `postgres://shop:${value('a URL’s password')}@db.prod:5432/shop` }),
    place('dotenv', { '.env': `LOG_LEVEL=debug\nDB_PASSWORD=${value('a .env file')}\nREGION=eu-west-1\n` }),
    place('yaml', { 'app.yaml': `server:\n  port: 8080\nauth:\n  password: ${value('YAML in a ConfigMap')}\n` }),
    place('json', { 'app.json': JSON.stringify({ port: 8080, clientSecret: value('JSON in a ConfigMap') }) }),
    place('properties', { 'app.properties': `server.port=8080\nspring.datasource.password=${value('properties')}\n` }),
    place('private-key', { 'id.pem': pem(value('a private key in a ConfigMap')) }),
    place('github', { note: `use ${value('a GitHub token', 'ghp_', 36)} for this` }),
    place('header', { 'nginx.conf': `proxy_set_header Authorization "Bearer ${value('an Authorization header')}";\n` }),
    place('kubeconfig', {
      config: `apiVersion: v1\nkind: Config\nusers:\n- name: ci\n  user:\n    token: ${value('a kubeconfig')}\n`,
    }),
    place('named-key', { 'api-token': value('a key that is named for what it holds') }),
    place('secret-manifest', {
      'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  colour: ${value('a manifest of a Secret')}\n`,
    }),
    place('binary', {}, { binaryData: { 'app.env': base64(`DB_PASSWORD=${value('binaryData')}\n`) } }),
    place('sh.helm.release.v1.shop.v1', { release: helmPayload('shop', value('a Helm release in a ConfigMap')) }),
    place('helm-copy', { backup: helmPayload('copy', value('a Helm release copied into a ConfigMap')) }),
    place(
      'applied-settings',
      { 'database.url': url },
      {},
      { annotations: { [lastApplied]: JSON.stringify({ ...applied, data: { 'database.url': url } }) } },
    ),
    place(
      'annotated',
      {},
      {},
      { annotations: { 'ci.example/login': `https://ci:${value('an annotation')}@ci.example/` } },
    ),
  ];
}

function podSpec(value: Value, where: string): object {
  return {
    nodeName: 'node-1',
    containers: [
      {
        name: 'c',
        image: 'registry.example/shop/c:1',
        command: ['server', '--port=80', `--password=${value(`a flag of ${where}`)}`],
        env: [
          { name: 'LOG_LEVEL', value: 'debug' },
          { name: 'DB_PASSWORD', value: value(`an environment variable of ${where}`) },
          { name: 'DATABASE_URL', value: `postgres://shop:${value(`a URL in the environment of ${where}`)}@db/shop` },
        ],
        livenessProbe: {
          httpGet: {
            port: 80,
            path: '/healthz',
            httpHeaders: [{ name: 'Authorization', value: `Bearer ${value(`a probe of ${where}`)}` }],
          },
          periodSeconds: 3_600,
        },
      },
    ],
  };
}

function workloadPlaces(value: Value): Place[] {
  const template = (kind: string, more: object = {}): object => {
    const annotations = { 'ci.example/token': value(`an annotation of the pods of ${kind}`) };
    const spec = { ...podSpec(value, `the pods of ${kind}`), ...more };
    return { metadata: { labels: { app: kind.toLowerCase() }, annotations }, spec };
  };
  const workload = (kind: string, apiVersion: string, spec: (kind: string) => object): Place => ({
    place: kind,
    collection: group(apiVersion, `${kind.toLowerCase()}s`),
    object: { apiVersion, kind, metadata: { name: 'shop', namespace }, spec: spec(kind) },
  });
  // None of the pods of these comes up: what is asked for is what was written down.
  const selected = (kind: string): object => ({
    replicas: 0,
    selector: { matchLabels: { app: kind.toLowerCase() } },
    template: template(kind),
  });
  return [
    {
      place: 'Pod',
      collection: pods,
      object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace }, spec: podSpec(value, 'a Pod') },
    },
    workload('Deployment', 'apps/v1', selected),
    workload('StatefulSet', 'apps/v1', (kind) => ({ ...selected(kind), serviceName: 'shop' })),
    workload('DaemonSet', 'apps/v1', (kind) => ({
      selector: { matchLabels: { app: kind.toLowerCase() } },
      template: template(kind, { nodeSelector: { none: 'such' }, nodeName: undefined }),
    })),
    workload('Job', 'batch/v1', (kind) => ({ suspend: true, template: template(kind, { restartPolicy: 'Never' }) })),
    workload('CronJob', 'batch/v1', (kind) => ({
      schedule: '0 0 1 1 *',
      suspend: true,
      jobTemplate: { spec: { template: template(kind, { restartPolicy: 'Never' }) } },
    })),
    {
      place: 'PodTemplate',
      collection: core('podtemplates'),
      object: {
        apiVersion: 'v1',
        kind: 'PodTemplate',
        metadata: { name: 'shop', namespace },
        template: template('PodTemplate'),
      } as KubeObject,
    },
    {
      place: 'ControllerRevision',
      collection: group('apps/v1', 'controllerrevisions'),
      object: {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'shop-1', namespace },
        revision: 1,
        data: { spec: { template: template('ControllerRevision') } },
      },
    },
  ];
}

function strongboxPlaces(value: Value): Place[] {
  return [
    {
      place: 'a custom resource',
      collection: strongboxes,
      object: {
        apiVersion: 'leaks.example/v1',
        kind: 'Strongbox',
        metadata: { name: 'box', namespace },
        spec: {
          colour: 'red',
          password: value('a custom resource’s field, in a printer column'),
          clientSecret: value('a custom resource’s field, in a printer column of another name'),
          apiKey: value('a custom resource’s field'),
          connection: `amqp://shop:${value('a URL in a custom resource')}@queue/`,
          tokens: [value('an item of a set, which managedFields repeat')],
          fixed: { accessToken: value('a field that its definition’s rule prints') },
        },
        status: { message: `login failed: password=${value('a custom resource’s status')}` },
      },
    },
  ];
}

function otherPlaces(value: Value): Place[] {
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace };
  return [
    {
      place: 'Event',
      collection: events,
      object: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'failed', namespace },
        involvedObject,
        reason: 'Failed',
        message: `cannot reach postgres://shop:${value('an Event’s message')}@db/shop`,
        type: 'Warning',
      },
    },
    {
      place: 'PersistentVolume',
      collection: persistentVolumes,
      object: {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          csi: {
            driver: 'disk.example',
            volumeHandle: 'one',
            volumeAttributes: { server: 'nas', password: value('a PersistentVolume’s attribute') },
          },
        },
      },
    },
    {
      place: 'Service',
      collection: core('services'),
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'shop',
          namespace,
          annotations: { 'lb.example/credentials': `user:x password=${value('an annotation of a Service')}` },
        },
        spec: { ports: [{ port: 80 }] },
      },
    },
  ];
}

/**
 * A user's program on @kubernetes/client-node: one call after the other in NAMESPACE, and what came of each, a line of JSON
 * for each. It knows nothing of Holdpoint.
 */
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

const [namespace = ''] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const configMap = (name: string, data: Record<string, string>) => ({ metadata: { name }, data });

async function attempt(call: string, make: () => Promise<unknown>): Promise<void> {
  let result: unknown;
  try {
    result = await make();
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    result = { thrown: error.constructor.name, code: error.code, body: JSON.parse(String(error.body)) as unknown };
  }
  console.log(JSON.stringify({ call, result }));
}

const named = { name: 'by-node', namespace };
await attempt('version', () => config.makeApiClient(VersionApi).getCode());
await attempt('list', () => core.listNamespacedConfigMap({ namespace }));
await attempt('list a page', async () => (await core.listNamespacedConfigMap({ namespace, limit: 1 })).items.length);
await attempt('list by label', () => core.listNamespacedPod({ namespace, labelSelector: 'app=lone' }));
await attempt('list by field', () => core.listNamespacedPod({ namespace, fieldSelector: 'metadata.name=lone' }));
await attempt('read', () => core.readNamespacedPod({ name: 'lone', namespace }));
await attempt('read none', () => core.readNamespacedPod({ name: 'none', namespace }));
await attempt('create', () => core.createNamespacedConfigMap({ namespace, body: configMap('by-node', { a: 'b' }) }));
await attempt('create again', () => core.createNamespacedConfigMap({ namespace, body: configMap('by-node', {}) }));
await attempt('create, invalid', () =>
  core.createNamespacedConfigMap({ namespace, body: configMap('Not A Name', {}) }),
);
await attempt('create, dry', () =>
  core.createNamespacedConfigMap({ namespace, body: configMap('dry', {}), dryRun: 'All' }),
);
await attempt('patch', () =>
  core.patchNamespacedConfigMap({ ...named, body: [{ op: 'add', path: '/data/c', value: 'd' }] }),
);
await attempt('replace', () => core.replaceNamespacedConfigMap({ ...named, body: configMap('by-node', { e: 'f' }) }));
await attempt('any kind', () =>
  KubernetesObjectApi.makeApiClient(config).read({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace },
  }),
);
await attempt('scale', async () => (await apps.readNamespacedDeploymentScale({ name: 'web', namespace })).spec);
await attempt('delete', async () => (await core.deleteNamespacedConfigMap(named)).status);
await attempt('delete again', () => core.deleteNamespacedConfigMap(named));
await attempt('log', () => core.readNamespacedPodLog({ name: 'lone', namespace }));
await attempt('may I', async () => {
  const resourceAttributes = { verb: 'create', resource: 'pods', namespace };
  const api = config.makeApiClient(AuthorizationV1Api);
  return (await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } })).status;
});
await attempt('log as a stream', async () => {
  const sink = new PassThrough();
  await new Log(config).log(namespace, 'lone', 'web', sink, { tailLines: 1 });
  return text(sink);
});
await attempt('watch', async () => {
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    void new Watch(config)
      .watch(
        `/api/v1/namespaces/${namespace}/configmaps`,
        { timeoutSeconds: 3 },
        (phase: string, object: { metadata: { name: string } }) => void seen.push(`${phase} ${object.metadata.name}`),
        (error: unknown) => (error === null || error === undefined ? resolve() : reject(error as Error)),
      )
      .catch(reject);
  });
  return seen.sort();
});
await attempt('exec', async () => {
  const sink = new PassThrough();
  const printed = text(sink);
  const status = await new Promise((resolve, reject) => {
    new Exec(config).exec(namespace, 'lone', 'web', ['echo', 'hello'], sink, sink, null, false, resolve).catch(reject);
  });
  sink.end();
  return { printed: await printed, status };
});

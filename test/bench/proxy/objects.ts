import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Stack } from '@holdpoint/local';

/** The lists that are asked for, by how many Secrets they have. */
export const listSizes: readonly number[] = [500, 5_000];
export const benchNamespace = 'bench';

export function secretsNamespaceOf(size: number): string {
  return `secrets-${String(size)}`;
}

/** What there is besides the lists: one object of each kind that is read by itself. */
export function singleObjects(): object[] {
  const namespace = benchNamespace;
  return [
    ...[benchNamespace, ...listSizes.map(secretsNamespaceOf)].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    })),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace, labels: { app: 'web' } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace },
      data: { 'settings.yaml': 'listen: ":8080"\nlevel: info\nworkers: 4\n'.repeat(20), value: '0' },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'single', namespace }, data: secretData() },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'watched', namespace }, data: secretData() },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'terminal', namespace },
      spec: {
        nodeName: 'node-1',
        containers: [{ name: 'shell', image: 'registry.example/shell:1' }],
      },
    },
  ];
}

/** The agent reads everything in these namespaces, and may write what is watched and open terminals; nothing is held. */
export function permissions(agent: { name: string; groups: readonly string[] }): object[] {
  const kind = 'ClusterRole';
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind,
      metadata: { name: 'bench-agent' },
      rules: [
        { apiGroups: [''], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
        { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'bench-agent' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'bench-agent' },
      subjects: [{ kind: 'User', name: agent.name, apiGroup: 'rbac.authorization.k8s.io' }],
    },
    {
      apiVersion: 'holdpoint.dev/v1alpha1',
      kind: 'AccessPolicy',
      metadata: { name: 'bench' },
      spec: { subjects: [{ kind: 'User', name: agent.name }], defaultAction: 'Allow' },
    },
  ];
}

/** Some 1.3 KB of an object as kubectl prints it: a password, a token and a certificate's size of text. */
function secretData(): Record<string, string> {
  const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
  return { username: base64(8), password: base64(24), token: base64(96), 'tls.key': base64(400) };
}

/** Creates the lists' Secrets as the admin, many at once: kubectl would take minutes. Throws unless every one was created. */
export async function createSecrets(stack: Stack): Promise<void> {
  const { cert, key } = stack.files.admin;
  const agent = new Agent({
    ...{ keepAlive: true, maxSockets: 32, ca: readFileSync(stack.caFile) },
    ...{ cert: readFileSync(cert), key: readFileSync(key) },
  });
  const create = (namespace: string, name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const url = `${stack.urls.apiServer}/api/v1/namespaces/${namespace}/secrets`;
      const headers = { 'content-type': 'application/json' };
      request(url, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 201) resolve();
          else reject(new Error(`${namespace}/${name}: ${String(answer.statusCode)}`));
        });
      })
        .on('error', reject)
        .end(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: secretData() }));
    });
  try {
    for (const size of listSizes) {
      await Promise.all(
        Array.from({ length: size }, (_, i) => create(secretsNamespaceOf(size), `secret-${String(i)}`)),
      );
    }
  } finally {
    agent.destroy();
  }
}

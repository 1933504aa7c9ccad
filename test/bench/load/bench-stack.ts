import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { startStack, type Stack } from '@holdpoint/local';
import type { KubernetesObject } from '@holdpoint/core';
import { deploymentManifest } from '../judging/deployment.ts';
import { benchNamespace, generatePolicies } from '../judging/policies.ts';
import { buildGoServer, startGoServer, type GoServer } from './go-server.ts';

/** Who writes decides who is asked: nobody, the Go webhook, or Holdpoint. */
export type Arm = 'none' | 'go' | 'holdpoint';

export const arms: readonly Arm[] = ['none', 'go', 'holdpoint'];

/** A real API server, and on it everything that the three arms need. */
export interface BenchStack {
  stack: Stack;
  tokens: Readonly<Record<Arm, string>>;
  /** The processes whose CPU time and memory are looked at. */
  pids: () => { go: number; holdpoint: number; apiServer: number };
  /** Every process that runs for the benchmark, the writers' and our own aside. */
  allPids: () => number[];
  close(): Promise<void>;
}

/** Objects for this many writers, one of each kind a writer. */
export const maxWriters = 64;

const goWebhookName = 'always-allows.bench.example';

/**
 * Brings the stack up. Of our services the webhook alone runs: no proxy is in the way of these calls, and the audit events go
 * to a server that drops them, so that what is measured does not share its two cores with a store at work.
 *
 * @param options.protectedObjects also `protected-0`, `protected-1` …, which the policy does not let go
 */
export async function startBenchStack(
  onProgress: (text: string) => void,
  options: { protectedObjects?: boolean } = {},
): Promise<BenchStack> {
  onProgress('building the Go webhook');
  const binary = await buildGoServer('go-webhook');
  const stack = await startStack({ services: ['webhook'], onProgress });
  const servers: GoServer[] = [];
  const close = async (): Promise<void> => {
    await stack.close();
    for (const server of servers) server.stop();
  };
  try {
    const common = { keys: stack.files.services, caFile: stack.caFile };
    servers.push(await startGoServer(binary, { ...common, address: auditAddressOf(stack) }));
    const address = `127.0.0.1:${String(await freePort())}`;
    const go = await startGoServer(binary, { ...common, address });
    servers.push(go);

    onProgress('creating the writers and their objects');
    await applyAll(stack, [namespace, ...arms.map(accountOf), role, binding]);
    await applyAll(stack, [...policies(), goRegistration(address, readFileSync(stack.caFile, 'utf8')), ...objects()]);
    if (options.protectedObjects === true) await applyAll(stack, protectedObjects());
    await must(stack, ['wait', '--for=condition=Enforced', 'accesspolicy', '--all', '--timeout=30s']);
    const tokens = { none: '', go: '', holdpoint: '' };
    for (const arm of arms) {
      tokens[arm] = (await must(stack, ['create', 'token', arm, '-n', benchNamespace, '--duration', '12h'])).trim();
    }
    return {
      stack,
      tokens,
      pids: () => ({
        go: go.pid,
        holdpoint: pidOf(stack.service('webhook')),
        apiServer: pidOf(stack.controlPlane.find(({ name }) => name === 'kube-apiserver')),
      }),
      allPids: () => [
        ...servers.map(({ pid }) => pid),
        ...[...stack.controlPlane, stack.service('webhook')].map(pidOf),
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs kubectl as the admin. Throws what it printed when it fails. */
export async function must(stack: Stack, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await stack.kubectl('admin', args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export async function applyAll(stack: Stack, items: readonly object[]): Promise<void> {
  // Created, not applied: no annotation then makes the objects twice as large as they are meant to be.
  await must(stack, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

export function accountNameOf(arm: Arm): string {
  return `system:serviceaccount:${benchNamespace}:${arm}`;
}

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: benchNamespace } };

function accountOf(arm: Arm): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: arm, namespace: benchNamespace } };
}

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'writers', namespace: benchNamespace },
  rules: [
    { apiGroups: ['', 'apps'], resources: ['configmaps', 'deployments'], verbs: ['get', 'create', 'patch', 'delete'] },
  ],
};

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'writers', namespace: benchNamespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writers' },
  subjects: arms.map((arm) => ({ kind: 'ServiceAccount', name: arm, namespace: benchNamespace })),
};

/** One policy of ten rules: what most installations will have for one agent. */
function policies(): object[] {
  const subject = { kind: 'ServiceAccount', name: 'holdpoint', namespace: benchNamespace } as const;
  return generatePolicies({ count: 1, governing: 1, subject }).map(({ apiVersion, kind, metadata, spec }) => ({
    apiVersion,
    kind,
    metadata: { name: metadata.name },
    spec,
  }));
}

/** The same in every respect as Holdpoint's own registration, for another user. */
function goRegistration(address: string, ca: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: goWebhookName },
    webhooks: [
      {
        name: goWebhookName,
        clientConfig: { url: `https://${address}/validate`, caBundle: Buffer.from(ca).toString('base64') },
        rules: [
          {
            apiGroups: ['*'],
            apiVersions: ['*'],
            resources: ['*/*'],
            operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
            scope: '*',
          },
        ],
        matchConditions: [
          { name: 'not-nobody', expression: 'request.userInfo.username != "nobody"' },
          { name: 'its-user', expression: `request.userInfo.username in ["${accountNameOf('go')}"]` },
        ],
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        timeoutSeconds: 10,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

function objects(): object[] {
  return Array.from({ length: maxWriters }, (_, i) => {
    const name = `writer-${String(i)}`;
    return [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: benchNamespace },
        data: { value: '0', 'settings.yaml': 'listen: ":8080"\nlevel: info\n' },
      },
      deploymentManifest(name, benchNamespace),
    ];
  }).flat();
}

function protectedObjects(): object[] {
  return Array.from({ length: maxWriters }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `protected-${String(i)}`,
      namespace: benchNamespace,
      // Of the label, policy 0 says "Deny".
      labels: { 'example.com/protected-0': 'true' },
    },
  }));
}

/** Where the API server sends its audit events: nobody listens there when the stack runs no sink. */
export function auditAddressOf(stack: Stack): string {
  const config = JSON.parse(readFileSync(stack.files.auditWebhookConfig, 'utf8')) as {
    clusters: [{ cluster: { server: string } }];
  };
  return new URL(config.clusters[0].cluster.server).host;
}

export function pidOf(process: { pid: number | undefined } | undefined): number {
  if (process?.pid === undefined) throw new Error('a process of the stack is down');
  return process.pid;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

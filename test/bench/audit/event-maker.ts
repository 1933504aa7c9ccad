import { createHash } from 'node:crypto';

/** What an API server would POST, with what a benchmark has to know of it. */
export interface Post {
  body: Buffer;
  events: number;
  /** Of the last event: when it can be asked for, so can those before it. */
  lastAuditId: string;
}

export interface EventMaker {
  /** @param events how many in this EventList; an API server's default is at most 400 */
  post(events: number): Post;
}

/**
 * Makes events as a busy cluster's API server does with bodies on: each with an id, names, uids, digests and times of its own,
 * as much of it random as there is in life, or a store would compress what never comes. About 2.5 KB an event.
 *
 * @param nowMs the time of the next event, in milliseconds since 1970
 */
export function createEventMaker(seed: string, nowMs: () => number): EventMaker {
  let count = 0;
  return {
    post(events) {
      let lastAuditId = '';
      const items = Array.from({ length: events }, () => {
        count += 1;
        const event = eventOf(
          count,
          nowMs(),
          createHash('sha256')
            .update(`${seed} ${String(count)}`)
            .digest('hex'),
        );
        lastAuditId = event.auditID;
        return event;
      });
      const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items };
      return { body: Buffer.from(JSON.stringify(list)), events, lastAuditId };
    },
  };
}

interface MadeEvent {
  auditID: string;
  [field: string]: unknown;
}

const namespaces = ['dev', 'staging', 'payments', 'search', 'kube-system'];
const proxyAccount = 'system:serviceaccount:holdpoint-system:holdpoint-proxy';

/** @param noise 64 hex digits that no other event has */
function eventOf(count: number, nowMs: number, noise: string): MadeEvent {
  const kind = mix[count % mix.length] ?? 'lease';
  const namespace = namespaces[count % namespaces.length] ?? 'dev';
  const name = `${kind}-${noise.slice(0, 5)}`;
  const time = new Date(nowMs).toISOString().replace('Z', `${String(count % 1_000).padStart(3, '0')}Z`);
  const made = { count, namespace, name, noise, time };
  const { verb, resource, group = '', version = 'v1', ...bodies } = kinds[kind](made);
  const isGoverned = kind === 'deployment' || kind === 'configmap' || kind === 'secret';
  const agent = {
    username: `coding-agent-${String(count % 7)}`,
    groups: ['ai-agents', 'system:authenticated'],
    extra: { 'holdpoint.dev/session': [`session-${String(count % 40)}`], 'holdpoint.dev/command': [`kubectl ${verb}`] },
  };
  return {
    kind: 'Event',
    level: 'RequestResponse',
    auditID: uuidOf(noise),
    stage: 'ResponseComplete',
    requestURI: `/apis/${group}/${version}/namespaces/${namespace}/${resource}/${name}?timeout=34s`,
    verb,
    user: isGoverned
      ? {
          username: proxyAccount,
          uid: uuidOf(noise.slice(8)),
          groups: ['system:serviceaccounts', 'system:authenticated'],
        }
      : { username: `system:node:node-${String(count % 30)}`, groups: ['system:nodes', 'system:authenticated'] },
    ...(isGoverned ? { impersonatedUser: agent } : {}),
    sourceIPs: [`10.0.${String(count % 200)}.${String(count % 250)}`],
    userAgent: isGoverned ? 'kubectl/v1.37.0 (linux/amd64) kubernetes/7d1a5d9' : 'kubelet/v1.37.0 (linux/amd64)',
    objectRef: { resource, namespace, name, apiGroup: group, apiVersion: version },
    responseStatus: { metadata: {}, code: 200 },
    ...bodies,
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': `RBAC: allowed by RoleBinding "edit/${namespace}" of ClusterRole "edit" to User`,
      ...(isGoverned ? { 'judge.holdpoint.dev/decision': 'allow', 'judge.holdpoint.dev/rule': 'small-changes' } : {}),
    },
  };
}

interface Made {
  count: number;
  namespace: string;
  name: string;
  noise: string;
  time: string;
}

interface Call {
  verb: string;
  resource: string;
  group?: string;
  version?: string;
  requestObject?: object;
  responseObject?: object;
}

const kinds = {
  lease: (made: Made): Call => {
    const lease = {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: metadataOf(made),
      spec: { holderIdentity: `node-${String(made.count % 30)}`, leaseDurationSeconds: 40, renewTime: made.time },
    };
    const at = { resource: 'leases', group: 'coordination.k8s.io' };
    return { verb: 'update', ...at, requestObject: lease, responseObject: lease };
  },
  configmap: (made: Made): Call => ({
    verb: 'get',
    resource: 'configmaps',
    responseObject: {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: metadataOf(made),
      data: {
        'application.yaml': Array.from(
          { length: 24 },
          (_, i) => `setting-${String(i)}: value-${made.noise.slice(i, i + 8)}`,
        ).join('\n'),
      },
    },
  }),
  deployment: (made: Made): Call => {
    const deployment = deploymentOf(made);
    return {
      verb: 'update',
      resource: 'deployments',
      group: 'apps',
      requestObject: deployment,
      responseObject: {
        ...deployment,
        status: { observedGeneration: made.count, replicas: 3, updatedReplicas: 3, readyReplicas: 3 },
      },
    };
  },
  secret: (made: Made): Call => ({
    verb: 'get',
    resource: 'secrets',
    responseObject: {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: metadataOf(made),
      type: 'Opaque',
      data: {
        username: Buffer.from(made.name).toString('base64'),
        password: Buffer.from(made.noise).toString('base64'),
      },
    },
  }),
  event: (made: Made): Call => {
    const event = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: metadataOf(made),
      involvedObject: { kind: 'Pod', namespace: made.namespace, name: made.name, uid: uuidOf(made.noise.slice(4)) },
      reason: 'Pulled',
      message: `Successfully pulled image "registry.example.com/shop/api@sha256:${made.noise}"`,
      type: 'Normal',
      count: 1,
      firstTimestamp: made.time,
    };
    return { verb: 'create', resource: 'events', requestObject: event, responseObject: event };
  },
  watch: (): Call => ({ verb: 'watch', resource: 'pods' }),
};

/** In what proportion, and order. */
const mix: readonly (keyof typeof kinds)[] = [
  'lease',
  'deployment',
  'event',
  'configmap',
  'lease',
  'watch',
  'lease',
  'secret',
  'event',
  'configmap',
];

function metadataOf({ count, namespace, name, noise, time }: Made): object {
  return {
    name,
    namespace,
    uid: uuidOf(noise.slice(16)),
    resourceVersion: String(1_000_000 + count),
    creationTimestamp: time,
    labels: {
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/part-of': 'shop',
      'pod-template-hash': noise.slice(20, 30),
    },
    managedFields: [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update',
        apiVersion: 'v1',
        time,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {} } }, 'f:spec': {} },
      },
    ],
  };
}

function deploymentOf(made: Made): object {
  const { name, noise } = made;
  const container = (i: number): object => ({
    name: `container-${String(i)}`,
    image: `registry.example.com/shop/api-${String(i)}@sha256:${noise}`,
    args: ['--listen=:8080', `--shard=${String(made.count)}`],
    env: Array.from({ length: 8 }, (_, j) => ({ name: `SETTING_${String(j)}`, value: `${noise.slice(j, j + 12)}-on` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5, failureThreshold: 3 },
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  });
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: metadataOf(made),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: { 'checksum/config': noise } },
        spec: { containers: [container(1), container(2)], serviceAccountName: 'api', dnsPolicy: 'ClusterFirst' },
      },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    },
  };
}

/** @param hex at least 32 hex digits */
function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

import type { JsonObject, JsonValue } from '@holdpoint/core';

/**
 * A Deployment as they are in production: three containers with probes, resources, environment and mounts. As JSON, with
 * the fields that the server adds, about 6 KB: {@link storedDeployment}.
 */
export function deploymentManifest(name: string, namespace: string): JsonObject {
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'shop', tier: 'backend' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels,
      annotations: { 'example.com/owner': 'team-shop', 'example.com/runbook': 'https://runbooks.example/shop' },
    },
    spec: {
      // Nothing of it runs, and its controller has nothing to write: what is measured is the write alone.
      paused: true,
      replicas: 0,
      revisionHistoryLimit: 5,
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' } },
        spec: {
          serviceAccountName: 'default',
          terminationGracePeriodSeconds: 60,
          containers: ['web', 'sidecar', 'exporter'].map(container),
          volumes: [
            { name: 'config', configMap: { name: `${name}-config`, defaultMode: 420 } },
            { name: 'tls', secret: { secretName: `${name}-tls`, defaultMode: 420 } },
            { name: 'scratch', emptyDir: { sizeLimit: '64Mi' } },
          ],
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'topology.kubernetes.io/zone',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
            },
          ],
        },
      },
    },
  };
}

function container(name: string, i: number): JsonValue {
  const port = 8_080 + i;
  const probe = (path: string): JsonObject => ({
    httpGet: { path, port, scheme: 'HTTP' },
    initialDelaySeconds: 5,
    periodSeconds: 10,
    timeoutSeconds: 2,
    successThreshold: 1,
    failureThreshold: 3,
  });
  return {
    name,
    image: `registry.example/shop/${name}:1.${String(i)}.0`,
    imagePullPolicy: 'IfNotPresent',
    args: ['--listen', `:${String(port)}`, '--config', '/etc/config/config.yaml'],
    env: [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'REGION', value: 'eu-central-1' },
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    ],
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    livenessProbe: probe('/healthz'),
    readinessProbe: probe('/readyz'),
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: 'config', mountPath: '/etc/config', readOnly: true },
      { name: 'tls', mountPath: '/etc/tls', readOnly: true },
      { name: 'scratch', mountPath: '/tmp' },
    ],
  };
}

/** The same as admission shows it: with what the server has put into its metadata and status. */
export function storedDeployment(name: string, namespace: string, change: { revision: number }): JsonObject {
  const manifest = deploymentManifest(name, namespace);
  const metadata = manifest['metadata'] as JsonObject;
  const annotations = metadata['annotations'] as JsonObject;
  return {
    ...manifest,
    metadata: {
      ...metadata,
      uid: '0b6f7a52-6a0e-4c0b-9d6c-2f1f6a1f2b11',
      resourceVersion: '48213',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { ...annotations, 'example.com/revision': String(change.revision) },
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Update',
          apiVersion: 'apps/v1',
          time: '2026-01-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: fieldsOf({
            metadata: { annotations, labels: metadata['labels'] ?? {} },
            spec: manifest['spec'] ?? {},
          }),
        },
      ],
    },
    status: { observedGeneration: 3, conditions: [] },
  };
}

/** As the API server writes down who owns which field; the lists are left whole. */
function fieldsOf(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      `f:${key}`,
      typeof each === 'object' && each !== null && !Array.isArray(each) ? fieldsOf(each) : {},
    ]),
  );
}

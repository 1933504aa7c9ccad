/** What lies in each namespace of a pair before its commands run: nothing that anybody would mask. */
export function fixturesIn(namespace: string): object[] {
  const labels = { app: 'web' };
  const container = { name: 'web', image: 'registry.example/shop/web:1.0' };
  const spec = { nodeName: 'node-1', automountServiceAccountToken: false, containers: [container] };
  const metadata = (name: string, more: object = {}): object => ({ name, namespace, ...more });
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('settings'),
      data: { colour: 'red', 'app.yaml': 'a: 1\nb: 2\n' },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('labelled', { labels }), data: { colour: 'blue' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('web', { labels }),
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('web', { labels }),
      // Without a selector: what a controller makes of one comes when it comes.
      spec: { ports: [{ port: 80 }] },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: metadata('lone', { labels: { app: 'lone' } }), spec },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadata('nightly'),
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: { spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: metadata('noticed'),
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'lone', namespace },
      reason: 'Noticed',
      message: 'nothing to see here',
      type: 'Normal',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('robot') },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata('web'),
      spec: { minAvailable: 0, selector: { matchLabels: labels } },
    },
  ];
}

/** A node for each way, so that both can be emptied. */
export function nodeNamed(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  };
}

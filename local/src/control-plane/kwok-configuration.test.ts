import { describe, expect, test } from '@jest/globals';
import { kwokConfiguration } from './kwok-configuration.ts';

interface Document {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
}

describe('kwokConfiguration', () => {
  const text = kwokConfiguration({ workDir: '/stack/pods', podLog: '/stack/pod.log' });
  const documents = text
    .split('---\n')
    .filter((part) => part !== '')
    .map((part) => JSON.parse(part) as Document);
  const specOf = (kind: string): unknown => documents.find((each) => each.kind === kind)?.spec;

  test('is a stream of kwok documents, one for every state that a node or a pod goes through', () => {
    expect(new Set(documents.map((each) => each.apiVersion))).toEqual(new Set(['kwok.x-k8s.io/v1alpha1']));
    expect(documents.filter((each) => each.kind === 'Stage').map((each) => each.metadata.name)).toEqual([
      'node-initialize',
      'node-heartbeat',
      'pod-ready',
      'pod-debugged',
      'pod-complete',
      'pod-delete',
    ]);
  });

  test.each([
    { kind: 'ClusterExec', want: { execs: [{ local: { workDir: '/stack/pods' } }] } },
    { kind: 'ClusterLogs', want: { logs: [{ logsFile: '/stack/pod.log', follow: true }] } },
    { kind: 'ClusterAttach', want: { attaches: [{ logsFile: '/stack/pod.log' }] } },
    { kind: 'ClusterPortForward', want: { forwards: [{ command: ['cat'] }] } },
  ])('$kind stays inside the folder of the stack', ({ kind, want }) => {
    expect(specOf(kind)).toEqual(want);
  });
});

/** The one node of a local cluster. There is no scheduler: a pod that is to run names it. */
export const nodeName = 'node-1';

/**
 * What kwok is told, as a stream of documents: how nodes and pods go from one state to the next, that `exec` runs on this
 * machine, where logs lie, and what answers at a port. Source of the shapes: kwok.x-k8s.io/v1alpha1.
 */
export function kwokConfiguration(input: { workDir: string; podLog: string }): string {
  const documents = [
    stage('node-initialize', 'Node', notReady, nodeStatus),
    stage('node-heartbeat', 'Node', isReady, nodeHeartbeat, { durationMilliseconds: 20_000 }),
    stage(
      'pod-ready',
      'Pod',
      [exists('.metadata.deletionTimestamp', false), isIn('.status.phase', 'Pending')],
      podStatus,
    ),
    // `kubectl debug` waits for its container to run.
    stage(
      'pod-debugged',
      'Pod',
      [
        exists('.metadata.deletionTimestamp', false),
        isIn('.status.phase', 'Running'),
        isIn('(.spec.ephemeralContainers | length) > (.status.ephemeralContainerStatuses | length)', 'true'),
      ],
      ephemeralStatus,
    ),
    stage(
      'pod-complete',
      'Pod',
      [
        exists('.metadata.deletionTimestamp', false),
        isIn('.status.phase', 'Running'),
        isIn('.metadata.ownerReferences.[].kind', 'Job'),
      ],
      'phase: Succeeded\n',
    ),
    document('Stage', 'pod-delete', {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions: [exists('.metadata.deletionTimestamp', true)] },
      next: { finalizers: { empty: true }, delete: true },
    }),
    document('ClusterExec', 'local', { execs: [{ local: { workDir: input.workDir } }] }),
    document('ClusterLogs', 'local', { logs: [{ logsFile: input.podLog, follow: true }] }),
    document('ClusterAttach', 'local', { attaches: [{ logsFile: input.podLog }] }),
    // Every port gives back what it is sent.
    document('ClusterPortForward', 'local', { forwards: [{ command: ['cat'] }] }),
  ];
  return documents.map((each) => `---\n${JSON.stringify(each, undefined, 1)}\n`).join('');
}

interface MatchExpression {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

const readyStatus = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const notReady: MatchExpression[] = [{ key: readyStatus, operator: 'NotIn', values: ['True'] }];
const isReady: MatchExpression[] = [{ key: readyStatus, operator: 'In', values: ['True'] }];

const nodeConditions = `conditions:
{{ range NodeConditions }}
- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
{{ end }}
`;
const nodeHeartbeat = nodeConditions;
const nodeStatus = `${nodeConditions}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ NodeName | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
allocatable: {cpu: 1k, memory: 1Ti, pods: 10k}
capacity: {cpu: 1k, memory: 1Ti, pods: 10k}
phase: Running
`;

const podStatus = `conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: PodScheduled, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "True", lastTransitionTime: {{ Now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: true, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
hostIP: 127.0.0.1
podIP: 127.0.0.1
phase: Running
startTime: {{ Now | Quote }}
`;

const ephemeralStatus = `ephemeralContainerStatuses:
{{ range .spec.ephemeralContainers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: false, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
`;

function stage(
  name: string,
  kind: 'Node' | 'Pod',
  matchExpressions: MatchExpression[],
  statusTemplate: string,
  delay?: { durationMilliseconds: number },
) {
  return document('Stage', name, {
    resourceRef: { apiGroup: 'v1', kind },
    selector: { matchExpressions },
    ...(delay === undefined ? {} : { delay }),
    next: { statusTemplate },
  });
}

function document(kind: string, name: string, spec: object) {
  return { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind, metadata: { name }, spec };
}

function exists(key: string, wanted: boolean): MatchExpression {
  return { key, operator: wanted ? 'Exists' : 'DoesNotExist' };
}

function isIn(key: string, value: string): MatchExpression {
  return { key, operator: 'In', values: [value] };
}

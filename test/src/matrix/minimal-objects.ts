/**
 * The smallest valid object of each resource, by `resource.group`, and what changes of it. A resource that is served and not
 * here fails the matrix: somebody must say what it is.
 */
export interface MinimalObject {
  /** Everything but apiVersion, kind and metadata. */
  body: object;
  /** @default "matrix" (and "matrix-new" for the one that is created) */
  names?: { existing: string; created: string };
  /** A change of the object itself. @default a label */
  change?: object;
  /** A change of each subresource that can be updated; `status` has a condition unless told. */
  subresources?: Readonly<Record<string, object>>;
  /** The body for each subresource that is created. */
  created?: Readonly<Record<string, object>>;
}

/** What the objects are about: things of the cluster that they name. */
export interface Surroundings {
  namespace: string;
  /** A certificate, for the bundles that must hold one. */
  caPem: string;
}

const at = '2026-01-01T00:00:00Z';
const labels = { matrix: 'yes' };
const template = (more: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', image: 'registry.example/matrix:1' }], ...more },
});
const workload = { selector: { matchLabels: labels }, template: template() };
const job = { suspend: true, template: template({ restartPolicy: 'Never' }) };
const scale = { spec: { replicas: 7 } };
const condition = { type: 'Matrix', status: 'True', reason: 'Matrix', message: 'a change', lastTransitionTime: at };
/** Most have conditions. */
export const changedStatus = { status: { conditions: [condition] } };

export function minimalObjects({ namespace, caPem }: Surroundings): Readonly<Record<string, MinimalObject>> {
  const pod = (cpu: string) => ({
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'registry.example/matrix:1', resources: { requests: { cpu } } }],
    },
  });
  const binding = { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'node-1' } };
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
  const hpa = { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'absent' } };
  const matchConstraints = {
    resourceRules: [{ apiGroups: ['matrix.test'], apiVersions: ['v1'], resources: ['absent'], operations: ['CREATE'] }],
  };
  const custom = { spec: { replicas: 1 } };
  const customChange = { status: { status: { seen: 'changed' } }, scale };
  return {
    bindings: { body: binding, names: { existing: 'matrix', created: 'matrix' } },
    configmaps: { body: { data: { key: 'value' } } },
    endpoints: { body: {} },
    events: { body: { involvedObject: { kind: 'Pod', name: 'matrix', namespace }, reason: 'Matrix' } },
    limitranges: { body: { spec: { limits: [] } } },
    namespaces: { body: {}, subresources: { finalize: { spec: { finalizers: ['kubernetes', 'matrix.test/kept'] } } } },
    nodes: { body: {} },
    persistentvolumeclaims: {
      body: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'matrix',
          resources: { requests: { storage: '1Gi' } },
        },
      },
    },
    persistentvolumes: {
      body: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'matrix',
          capacity: { storage: '1Gi' },
          hostPath: { path: '/absent' },
        },
      },
      subresources: { status: { status: { message: 'changed' } } },
    },
    pods: {
      body: pod('100m'),
      subresources: {
        ephemeralcontainers: {
          spec: { ephemeralContainers: [{ name: 'debug', image: 'registry.example/debug:1' }] },
        },
        resize: pod('200m'),
      },
      created: { binding, eviction: { apiVersion: 'policy/v1', kind: 'Eviction' } },
    },
    podtemplates: { body: { template: template() } },
    replicationcontrollers: {
      body: { spec: { replicas: 0, selector: labels, template: template() } },
      subresources: { scale },
    },
    resourcequotas: { body: { spec: {} }, subresources: { status: { status: { hard: { pods: '7' } } } } },
    secrets: { body: { stringData: { key: 'value' } } },
    serviceaccounts: {
      body: {},
      created: { token: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } },
    },
    services: { body: { spec: { ports: [{ port: 80 }] } } },

    'apiservices.apiregistration.k8s.io': {
      body: {
        spec: { group: 'local.matrix.test', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
      },
      names: { existing: 'v1.local.matrix.test', created: 'v2.local.matrix.test' },
    },
    'controllerrevisions.apps': { body: { revision: 1, data: {} } },
    'daemonsets.apps': {
      body: { spec: { ...workload, template: template({ nodeSelector: { absent: 'yes' } }) } },
    },
    'deployments.apps': { body: { spec: { ...workload, replicas: 0 } }, subresources: { scale } },
    'replicasets.apps': { body: { spec: { ...workload, replicas: 0 } }, subresources: { scale } },
    'statefulsets.apps': {
      body: { spec: { ...workload, replicas: 0, serviceName: 'matrix' } },
      subresources: { scale },
    },
    'events.events.k8s.io': {
      body: {
        ...{ eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'matrix.test/c', reportingInstance: 'm' },
        ...{
          action: 'Matrix',
          reason: 'Matrix',
          type: 'Normal',
          regarding: { kind: 'Pod', name: 'matrix', namespace },
        },
      },
      names: { existing: 'matrix-events', created: 'matrix-events-new' },
    },
    'selfsubjectreviews.authentication.k8s.io': { body: {} },
    'tokenreviews.authentication.k8s.io': { body: { spec: { token: 'not-a-token' } } },
    'localsubjectaccessreviews.authorization.k8s.io': {
      body: { spec: { user: 'x', resourceAttributes: { namespace, verb: 'get', resource: 'pods' } } },
    },
    'selfsubjectaccessreviews.authorization.k8s.io': {
      body: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
    },
    'selfsubjectrulesreviews.authorization.k8s.io': { body: { spec: { namespace } } },
    'subjectaccessreviews.authorization.k8s.io': {
      body: { spec: { user: 'x', resourceAttributes: { verb: 'get', resource: 'pods' } } },
    },
    'horizontalpodautoscalers.autoscaling': {
      body: { spec: hpa },
      subresources: { status: { status: { currentReplicas: 1, desiredReplicas: 2 } } },
    },
    'cronjobs.batch': {
      body: { spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: job } } },
      subresources: { status: { status: { lastScheduleTime: at } } },
    },
    'jobs.batch': { body: { spec: job } },
    'certificatesigningrequests.certificates.k8s.io': {
      body: { spec: { request: signingRequest, signerName: 'matrix.test/signer', usages: ['digital signature'] } },
      subresources: { approval: { status: { conditions: [{ ...condition, type: 'Approved' }] } } },
    },
    'clustertrustbundles.certificates.k8s.io': { body: { spec: { trustBundle: caPem } } },
    'podcertificaterequests.certificates.k8s.io': {
      body: {
        spec: {
          ...{ signerName: 'matrix.test/signer', podName: 'matrix', podUID: 'p', nodeName: 'node-1', nodeUID: 'n' },
          ...{ serviceAccountName: 'matrix', serviceAccountUID: 's', maxExpirationSeconds: 86_400 },
          stubPKCS10Request: signingRequestDer,
        },
      },
      subresources: {
        status: { status: { conditions: [{ ...condition, type: 'Denied' }] } },
      },
    },
    'ingressclasses.networking.k8s.io': { body: { spec: { controller: 'matrix.test/controller' } } },
    'ingresses.networking.k8s.io': {
      body: { spec: { defaultBackend: { service: { name: 'matrix', port: { number: 80 } } } } },
      subresources: { status: { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } } },
    },
    'ipaddresses.networking.k8s.io': {
      body: { spec: { parentRef: { resource: 'services', namespace, name: 'matrix' } } },
      names: { existing: '192.0.2.7', created: '192.0.2.8' },
    },
    'networkpolicies.networking.k8s.io': { body: { spec: { podSelector: {} } } },
    'servicecidrs.networking.k8s.io': { body: { spec: { cidrs: ['192.0.2.0/28'] } } },
    'poddisruptionbudgets.policy': {
      body: { spec: { minAvailable: 1, selector: { matchLabels: { absent: 'yes' } } } },
    },
    'clusterrolebindings.rbac.authorization.k8s.io': { body: { roleRef } },
    'clusterroles.rbac.authorization.k8s.io': { body: { rules: [rule] } },
    'rolebindings.rbac.authorization.k8s.io': { body: { roleRef } },
    'roles.rbac.authorization.k8s.io': { body: { rules: [rule] } },
    'csidrivers.storage.k8s.io': { body: { spec: {} } },
    'csinodes.storage.k8s.io': { body: { spec: { drivers: [] } }, subresources: { status: { status: {} } } },
    'csistoragecapacities.storage.k8s.io': { body: { storageClassName: 'matrix' } },
    'storageclasses.storage.k8s.io': { body: { provisioner: 'matrix.test/provisioner' } },
    'volumeattachments.storage.k8s.io': {
      body: { spec: { attacher: 'matrix.test', nodeName: 'node-1', source: { persistentVolumeName: 'matrix' } } },
      subresources: { status: { status: { attached: true } } },
    },
    'volumeattributesclasses.storage.k8s.io': { body: { driverName: 'matrix.test', parameters: { a: 'b' } } },
    'mutatingadmissionpolicies.admissionregistration.k8s.io': {
      body: {
        spec: {
          matchConstraints,
          reinvocationPolicy: 'Never',
          mutations: [
            { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/absent"}]' } },
          ],
        },
      },
    },
    'mutatingadmissionpolicybindings.admissionregistration.k8s.io': { body: { spec: { policyName: 'absent' } } },
    'mutatingwebhookconfigurations.admissionregistration.k8s.io': { body: { webhooks: [] } },
    'validatingadmissionpolicies.admissionregistration.k8s.io': {
      body: { spec: { matchConstraints, validations: [{ expression: 'true' }] } },
    },
    'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
      body: { spec: { policyName: 'absent', validationActions: ['Deny'] } },
    },
    'validatingwebhookconfigurations.admissionregistration.k8s.io': { body: { webhooks: [] } },
    'customresourcedefinitions.apiextensions.k8s.io': {
      body: definition('unserved', 'Namespaced', 'Unserved'),
      names: { existing: 'unserved.other.matrix.test', created: 'created.other.matrix.test' },
    },
    'priorityclasses.scheduling.k8s.io': { body: { value: 7 } },
    'leases.coordination.k8s.io': { body: { spec: {} } },
    'runtimeclasses.node.k8s.io': { body: { handler: 'matrix' } },
    'endpointslices.discovery.k8s.io': { body: { addressType: 'IPv4', endpoints: [] } },
    'deviceclasses.resource.k8s.io': { body: { spec: {} } },
    'devicetaintrules.resource.k8s.io': {
      body: {
        spec: { deviceSelector: { driver: 'matrix.test' }, taint: { key: 'matrix.test/a', effect: 'NoSchedule' } },
      },
    },
    'resourceclaims.resource.k8s.io': {
      body: { spec: {} },
      subresources: { status: { status: { allocation: {} } } },
    },
    'resourceclaimtemplates.resource.k8s.io': { body: { spec: { spec: {} } } },
    'resourceslices.resource.k8s.io': {
      body: {
        spec: {
          driver: 'matrix.test',
          pool: { name: 'matrix', generation: 1, resourceSliceCount: 1 },
          allNodes: true,
          devices: [],
        },
      },
    },
    'flowschemas.flowcontrol.apiserver.k8s.io': {
      body: { spec: { matchingPrecedence: 9_000, priorityLevelConfiguration: { name: 'global-default' } } },
    },
    'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
      body: {
        spec: {
          type: 'Limited',
          limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } },
        },
      },
    },
    'storageversionmigrations.storagemigration.k8s.io': {
      body: { spec: { resource: { group: 'matrix.test', resource: 'absent' } } },
    },

    // Ours. Holds and grants are made as they always are, by asking; see the test.
    'accesspolicies.holdpoint.dev': {
      body: { spec: { subjects: [{ kind: 'Group', name: 'nobody' }], defaultAction: 'Deny' } },
      subresources: { status: { status: { observedGeneration: 7 } } },
    },
    'grants.holdpoint.dev': {
      body: {
        spec: {
          subject: { username: 'coding-agent' },
          scope: { policy: 'ask', rule: 'everything' },
          duration: '10m',
        },
      },
    },
    'holds.holdpoint.dev': { body: { spec: {} } },

    // Two custom resources, with all that a definition can serve.
    'widgets.matrix.test': { body: custom, subresources: customChange },
    'clusterwidgets.matrix.test': { body: custom, subresources: customChange },
  };
}

/** The definitions of the two custom resources. */
export const customResourceDefinitions = [
  { name: 'widgets', ...definition('widgets', 'Namespaced', 'Widget', 'matrix.test') },
  { name: 'clusterwidgets', ...definition('clusterwidgets', 'Cluster', 'ClusterWidget', 'matrix.test') },
].map(({ name, ...body }) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${name}.matrix.test` },
  ...body,
}));

function definition(plural: string, scope: string, kind: string, group = 'other.matrix.test') {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    spec: {
      group,
      scope,
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: group === 'matrix.test',
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
          },
          schema: { openAPIV3Schema: { ...open, properties: { spec: open, status: open } } },
        },
      ],
    },
  };
}

/** A request for a certificate (PKCS#10, P-256, no subject), as a kubelet makes them. Nobody ever signs it. */
const signingRequestDer =
  'MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEqE6Im8guwQ6WOUSLJk9lDXpyFD' +
  'wyoaVkGiLJGUIjV3oZUMiRRjoO2j5XPTxT6qGZ16YDjHQBRtd/IogDRTxWagADAKBggqhkjOPQQD' +
  'AgNIADBFAiEAmSlKe3MDY84dfrUOeaYxtUkTL4xIZO6o1WxlnCMlFdUCIEDxzn+cipoY8B3sywEa' +
  'DiXta3QhC8Xk5COVrAb6R95d';
const signingRequest = Buffer.from(
  `-----BEGIN CERTIFICATE REQUEST-----\n${signingRequestDer}\n-----END CERTIFICATE REQUEST-----\n`,
).toString('base64');

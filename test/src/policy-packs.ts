import type { Action } from '@holdpoint/core';

/** One request that a pack is tried with, as kubectl sends it, and what becomes of it. */
export interface PackRow {
  /** How the how-to says it. */
  what: string;
  kubectl: readonly string[];
  /** For `-f -`. */
  input?: object;
  want: Action;
  /** The rule that decides; `default` where none does; `exec.record` where a terminal would go unrecorded. */
  rule: string;
}

export interface Pack {
  /** In deploy/policies. */
  file: string;
  policy: string;
  /** The group that the pack governs as it is shipped. */
  group: string;
  rows: readonly PackRow[];
}

const image = (name: string) => ({ containers: [{ name: 'main', image: name }] });
const own = 'registry.example/shop/web:2.0';
const create = ['create', '-f', '-'];
const deployment = (namespace: string, name: string, from = own) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: image(from) },
  },
});
const job = (namespace: string, from = own) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'migrate', namespace },
  spec: { suspend: true, template: { spec: { restartPolicy: 'Never', ...image(from) } } },
});
const eviction = (namespace: string) => ({
  args: ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/lone/eviction?dryRun=All`, '-f', '-'],
  input: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'lone', namespace } },
});
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.pack.test' },
  spec: {
    group: 'pack.test',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

/** What every pack is asked, in its own namespace: the outcomes differ. */
const asked = (ns: string) => ({
  configMap: { what: 'create a ConfigMap', kubectl: ['create', 'configmap', 'fresh', '-n', ns] },
  deploy: { what: 'create a Deployment', kubectl: create, input: deployment(ns, 'fresh') },
  setImage: { what: 'set an image', kubectl: ['set', 'image', 'deployment/web', `web=${own}`, '-n', ns] },
  foreignImage: {
    what: 'create a Deployment with an image of another registry',
    kubectl: create,
    input: deployment(ns, 'foreign', 'docker.io/library/nginx:1'),
  },
  scale: { what: 'scale to 3', kubectl: ['scale', 'deployment/web', '--replicas=3', '-n', ns] },
  scaleMuch: { what: 'scale to 50', kubectl: ['scale', 'deployment/web', '--replicas=50', '-n', ns] },
  deleteDeployment: { what: 'delete a Deployment', kubectl: ['delete', 'deployment', 'web', '-n', ns] },
  deleteNamespace: { what: 'delete the namespace', kubectl: ['delete', 'namespace', ns] },
  secret: { what: 'create a Secret', kubectl: ['create', 'secret', 'generic', 'fresh', '-n', ns] },
  role: {
    what: 'bind a role to itself',
    kubectl: ['create', 'rolebinding', 'mine', '--clusterrole=admin', '--user=coding-agent', '-n', ns],
  },
  token: { what: 'ask for a token of a ServiceAccount', kubectl: ['create', 'token', 'default', '-n', ns] },
  crd: { what: 'create a CustomResourceDefinition', kubectl: create, input: definition },
  job: { what: 'create a Job', kubectl: create, input: job(ns) },
  loadBalancer: {
    what: 'create a Service of type LoadBalancer',
    kubectl: ['create', 'service', 'loadbalancer', 'public', '--tcp=80', '-n', ns],
  },
  service: {
    what: 'create a Service inside the cluster',
    kubectl: ['create', 'service', 'clusterip', 'inside', '--tcp=80', '-n', ns],
  },
  ingress: {
    what: 'create an Ingress',
    kubectl: ['create', 'ingress', 'door', '--rule=shop.example/=web:80', '-n', ns],
  },
  claim: { what: 'delete a PersistentVolumeClaim', kubectl: ['delete', 'pvc', 'data', '-n', ns] },
  evict: { what: 'evict a Pod', kubectl: eviction(ns).args, input: eviction(ns).input },
  // What `kubectl cordon` sends; that itself ends with 0 when it was refused.
  cordon: { what: 'cordon a Node', kubectl: ['patch', 'node', 'node-1', '-p', '{"spec":{"unschedulable":true}}'] },
  debug: {
    what: 'add an ephemeral container',
    kubectl: [
      ...['patch', 'pod', 'lone', '-n', ns, '--subresource=ephemeralcontainers', '-p'],
      JSON.stringify({ spec: { ephemeralContainers: [{ name: 'probe', image: 'docker.io/library/busybox:1' }] } }),
    ],
  },
  exec: {
    what: 'open a terminal, past the proxy',
    kubectl: ['exec', 'lone', '-n', ns, '--', 'true'],
  },
  elsewhere: {
    what: 'create a ConfigMap in another namespace',
    kubectl: ['create', 'configmap', 'fresh', '-n', 'elsewhere'],
  },
});
const decided = (
  row: { what: string; kubectl: readonly string[]; input?: object },
  want: Action,
  rule: string,
): PackRow => ({
  ...row,
  want,
  rule,
});

const inReadOnly = asked('team-shop');
const inTeam = asked('team-shop');
const inCi = asked('shop-ci');
const inProduction = asked('prod');

export const packs: readonly Pack[] = [
  {
    file: 'read-only-agent.yaml',
    policy: 'read-only-agents',
    group: 'read-only-agents',
    rows: [
      ...Object.values(inReadOnly)
        .filter((row) => row !== inReadOnly.debug && row !== inReadOnly.exec)
        .map((row) => decided(row, 'Deny', 'read-only')),
      decided(inReadOnly.debug, 'Deny', 'no-terminals'),
      decided(inReadOnly.exec, 'Deny', 'no-terminals'),
    ],
  },
  {
    file: 'namespace-scoped-developer.yaml',
    policy: 'namespace-developers',
    group: 'team-agents',
    rows: [
      decided(inTeam.configMap, 'Allow', 'team-namespaces'),
      decided(inTeam.deploy, 'Allow', 'team-namespaces'),
      decided(inTeam.setImage, 'Allow', 'team-namespaces'),
      decided(inTeam.foreignImage, 'Deny', 'own-images-only'),
      decided(inTeam.scale, 'Allow', 'team-namespaces'),
      decided(inTeam.job, 'Allow', 'team-namespaces'),
      decided(inTeam.service, 'Allow', 'team-namespaces'),
      decided(inTeam.loadBalancer, 'Deny', 'no-public-services'),
      decided(inTeam.ingress, 'Hold', 'doors-and-keys'),
      decided(inTeam.secret, 'Hold', 'doors-and-keys'),
      decided(inTeam.claim, 'Hold', 'data-is-asked-about'),
      decided(inTeam.evict, 'Allow', 'team-namespaces'),
      decided(inTeam.debug, 'Deny', 'default'),
      decided(inTeam.exec, 'Deny', 'exec.record'),
      decided(inTeam.role, 'Deny', 'default'),
      decided(inTeam.token, 'Deny', 'default'),
      decided(inTeam.crd, 'Deny', 'default'),
      decided(inTeam.cordon, 'Deny', 'default'),
      decided(inTeam.deleteNamespace, 'Deny', 'default'),
      decided(inTeam.elsewhere, 'Deny', 'default'),
    ],
  },
  {
    file: 'ci-deployer.yaml',
    policy: 'ci-deployers',
    group: 'ci-deployers',
    rows: [
      decided(inCi.configMap, 'Allow', 'roll-out'),
      decided(inCi.deploy, 'Allow', 'roll-out'),
      decided(inCi.setImage, 'Allow', 'roll-out'),
      decided(inCi.foreignImage, 'Deny', 'built-images-only'),
      decided(inCi.scale, 'Allow', 'roll-out'),
      decided(inCi.scaleMuch, 'Deny', 'scale-within-reason'),
      decided(inCi.job, 'Allow', 'roll-out'),
      decided(inCi.service, 'Allow', 'cluster-services'),
      decided(inCi.loadBalancer, 'Hold', 'a-release-manager-approves'),
      decided(inCi.ingress, 'Hold', 'a-release-manager-approves'),
      decided(inCi.deleteDeployment, 'Hold', 'a-release-manager-approves'),
      decided(inCi.claim, 'Deny', 'default'),
      decided(inCi.evict, 'Deny', 'default'),
      decided(inCi.debug, 'Deny', 'default'),
      decided(inCi.secret, 'Deny', 'default'),
      decided(inCi.exec, 'Deny', 'default'),
      decided(inCi.role, 'Deny', 'default'),
      decided(inCi.token, 'Deny', 'default'),
      decided(inCi.crd, 'Deny', 'default'),
      decided(inCi.cordon, 'Deny', 'default'),
      decided(inCi.deleteNamespace, 'Deny', 'default'),
      decided(inCi.elsewhere, 'Deny', 'default'),
    ],
  },
  {
    file: 'production-with-approvals.yaml',
    policy: 'coding-agents',
    group: 'ai-agents',
    rows: [
      decided(inProduction.configMap, 'Hold', 'production-writes'),
      decided(inProduction.deploy, 'Hold', 'production-writes'),
      decided(inProduction.setImage, 'Hold', 'production-writes'),
      decided(inProduction.scale, 'Allow', 'scale-a-little'),
      decided(inProduction.scaleMuch, 'Hold', 'production-writes'),
      decided(inProduction.job, 'Hold', 'production-writes'),
      decided(inProduction.secret, 'Hold', 'production-writes'),
      decided(inProduction.ingress, 'Hold', 'production-writes'),
      decided(inProduction.loadBalancer, 'Hold', 'production-writes'),
      decided(inProduction.claim, 'Hold', 'production-writes'),
      decided(inProduction.evict, 'Hold', 'production-writes'),
      decided(inProduction.debug, 'Hold', 'production-writes'),
      decided(inProduction.exec, 'Deny', 'exec.record'),
      decided(inProduction.role, 'Deny', 'default'),
      decided(inProduction.token, 'Deny', 'default'),
      decided(inProduction.crd, 'Deny', 'default'),
      decided(inProduction.cordon, 'Hold', 'default'),
      decided(inProduction.deleteNamespace, 'Deny', 'never-delete-namespaces'),
      decided(inProduction.elsewhere, 'Hold', 'default'),
      decided(asked('dev').configMap, 'Allow', 'development-is-free'),
    ],
  },
];

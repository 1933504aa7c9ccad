import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import {
  createMask,
  createPolicySet,
  credentialIdExtra,
  type AccessPolicy,
  type Grant,
  type Hold,
} from '@holdpoint/core';
import {
  createAccessReview,
  createCandidate,
  createDrain,
  createEventSink,
  createKubeClient,
  createLogger,
  createMetrics,
  createNamespaces,
  createTlsMetrics,
  createObjectCache,
  durationFlag,
  exitOnFatal,
  kinds,
  listen,
  loadKubeConfig,
  ownRules,
  ownUser,
  parseFlags,
  problemsOf,
  readCaBundle,
  readKey,
  readTlsPair,
  releaseCodec,
  runUntilSignal,
  startLeaderElection,
} from '@holdpoint/platform';
import { countDecisions, countHoldWrites } from './counted-holds.ts';
import { createGrantDesk } from './grants/grant-desk.ts';
import { stampGrant } from './grants/stamp-grant.ts';
import { createHoldDesk } from './holds/hold-desk.ts';
import { withoutWhatIsShown } from './holds/known-hold.ts';
import { stamp } from './holds/stamp.ts';
import { validate } from './holds/validate.ts';
import { createMasks } from './masks/masks.ts';
import { passUnread, restore } from './masks/restore.ts';
import { createWebhookServer } from './http/server.ts';
import { createLeaderDuties } from './leader-duties.ts';
import { createWebhookMetrics, registerGauges, type WatchedResource } from './metrics.ts';
import { createNotifyMetrics } from './notify/counted-notifications.ts';
import { createNotifier } from './notify/notifier.ts';
import { checkPolicy } from './policies/check-policy.ts';
import { createPolicyGate } from './policies/policy-gate.ts';
import { createReconciler } from './registration/reconciler.ts';
import { toMendedEvent } from './registration/registration-event.ts';
import { assertNotOverPermitted, assertOwnCredential, assertReadable, permissionNamespaces } from './start-checks.ts';

/** Often enough that a hold's phase is current to a reader, and a registration that somebody changed is mended soon. */
const housekeepingMs = 10_000;
/**
 * The API server gives a review 10 s; nothing under way lasts longer. With the delay before it (by default 5 s: an endpoint
 * that is going is gone from every node within one or two, and a busy control plane is slower), this is well below the 30 s
 * that Kubernetes gives a pod.
 */
const drainMs = 10_000;

exitOnFatal('webhook');
const flags = parseFlags(process.argv.slice(2), {
  listen: { description: 'host:port to serve HTTPS on', default: '0.0.0.0:8443' },
  'tls-cert-file': { description: 'PEM certificate to serve with' },
  'tls-private-key-file': { description: 'PEM private key of that certificate' },
  kubeconfig: { description: "how to reach the API server; empty: the pod's service account", default: '' },
  'client-url': { description: 'https://host:port at which the API server reaches this webhook' },
  'client-ca-file': { description: 'PEM bundle by which the API server verifies it' },
  'mask-key-file': { description: 'hex key, shared by all replicas: binds masks and digests' },
  'credential-extra': {
    description:
      'extra by which a decision is known to come from its own user and not an impersonator; empty: do not ask',
    default: credentialIdExtra,
  },
  'lease-namespace': { description: 'namespace of the lease by which one replica leads', default: 'holdpoint-system' },
  'drain-delay': {
    description: 'how long it serves on after SIGTERM, until no new connection comes here',
    default: '5s',
  },
  'hold-retention': { description: 'how long holds and grants that are over stay in the cluster', default: '168h' },
  'receivers-file': { description: 'whom policies can have told of holds, by name; empty: nobody', default: '' },
  check: { description: 'says what would keep it from serving, all at once, and exits 0 or 1', isSwitch: true },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const now = (): number => Date.now();
const readClient = () => ({
  url: flags['client-url'],
  caBundle: Buffer.from(readCaBundle(flags['client-ca-file'])).toString('base64'),
});

if (flags.check === 'true') {
  // All at once: whoever installs it wants one list, not one error after the other.
  const connect = () => loadKubeConfig({ file: flags.kubeconfig });
  const problems = await problemsOf([
    () => durationFlag('drain-delay', flags['drain-delay']),
    () => durationFlag('hold-retention', flags['hold-retention']),
    () => readKey(flags['mask-key-file']),
    () => readTlsPair(flags['tls-cert-file'], flags['tls-private-key-file']),
    readClient,
    async () => {
      const config = connect();
      const owned = await Promise.all(permissionNamespaces.map((namespace) => ownRules(config, namespace)));
      assertNotOverPermitted((await ownUser(config)).username, owned);
    },
    async () => assertOwnCredential(await ownUser(connect()), flags['credential-extra']),
    async () => assertReadable(await createKubeClient(connect()).list<AccessPolicy>(kinds.accessPolicies)),
  ]);
  process.stdout.write(problems.length === 0 ? 'webhook: ready to serve\n' : `${problems.join('\n')}\n`);
  process.exit(problems.length === 0 ? 0 : 1);
}

const retentionMs = durationFlag('hold-retention', flags['hold-retention']);
const drainDelayMs = durationFlag('drain-delay', flags['drain-delay']);
const logger = createLogger('webhook', flags['log-level']);
const key = readKey(flags['mask-key-file']);
const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');

const config = loadKubeConfig({ file: flags.kubeconfig });
const kube = createKubeClient(config);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const allMetrics = createMetrics({ service: 'webhook', version });
const metrics = createWebhookMetrics(allMetrics);
const countTlsReload = createTlsMetrics(allMetrics);
const watchBroke =
  (resource: WatchedResource) =>
  (error: unknown): void => {
    metrics.watchBroke(resource);
    logger.warn({ err: error, resource }, 'watch broke');
  };
const owned = await Promise.all(permissionNamespaces.map((namespace) => ownRules(config, namespace)));
if (owned.some(({ incomplete }) => incomplete)) {
  logger.warn({ namespaces: permissionNamespaces }, 'own permissions not known in full');
}
const self = await ownUser(config);
const { username } = self;
assertOwnCredential(self, flags['credential-extra']);
assertNotOverPermitted(username, owned);
const [policyCache, holdCache, grantCache, namespaces] = await Promise.all([
  createObjectCache<AccessPolicy>(config, kinds.accessPolicies, watchBroke('accesspolicies')),
  createObjectCache<Hold>(config, kinds.holds, watchBroke('holds'), withoutWhatIsShown),
  createObjectCache<Grant>(config, kinds.grants, watchBroke('grants')),
  createNamespaces(config, watchBroke('namespaces')),
]);
const policies = createPolicySet(policyCache, ({ source, problems }) =>
  logger.error({ policy: source.metadata.name, problems }, 'policy does not compile'),
);
const gate = createPolicyGate(policies);
const leader = startLeaderElection(
  createCandidate({
    kube,
    namespace: flags['lease-namespace'],
    name: 'holdpoint-webhook',
    // The pod's name for people; the rest because a restarted container has the same one.
    identity: `${hostname()}_${randomUUID()}`,
    now,
    elapsedMs: () => performance.now(),
  }),
  logger,
  (ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => undefined),
);
const mask = createMask(hmac);
const masks = createMasks(mask, releaseCodec, () => policies.compiled());
const parts = {
  policies: () => policies.compiled(),
  namespaceObject: (name: string) => namespaces.get(name),
  grants: createGrantDesk(kube, grantCache, hmac),
  desk: createHoldDesk(countHoldWrites(kube, metrics), holdCache),
  hmac,
  mask,
  masks,
  credentialExtra: flags['credential-extra'],
  now,
};

const events = createEventSink(config);
const reconciler = createReconciler({
  kube,
  policies,
  readClient,
  ownUsername: username,
  credentialExtra: flags['credential-extra'],
  isBlocked: () => gate.blockedBy() !== undefined,
  onMended: (registration) => {
    metrics.registrationMended();
    events
      .create(toMendedEvent(registration, now()))
      .catch((error: unknown) => logger.warn({ err: error }, 'event not written'));
  },
  metrics,
  logger,
  now,
});
registerGauges(allMetrics, {
  holds: () => holdCache.list(),
  policies: () => reconciler.policyStates().map((state) => ({ state })),
  isLeader: () => leader.isLeader(),
  now,
});
const notifier = createNotifier({
  kube,
  holds: holdCache,
  events,
  receiversFile: flags['receivers-file'],
  isLeader: () => leader.isLeader(),
  metrics: createNotifyMetrics(allMetrics),
  logger,
  now,
});

const server = createWebhookServer({
  certFile: flags['tls-cert-file'],
  keyFile: flags['tls-private-key-file'],
  reviewers: {
    '/validate': gate.guard((request) => validate(request, parts)),
    '/decide': countDecisions(
      (request) => (request.resource.resource === 'grants' ? stampGrant(request, parts) : stamp(request, parts)),
      metrics,
    ),
    '/restore': (request) => restore(request, masks),
    '/policies': (request) => checkPolicy(request, notifier.receiverNames()),
  },
  unread: { '/restore': passUnread },
  notReady: () => (drain.isDraining() ? 'ending' : reconciler.isRegistered() ? gate.blockedBy() : 'starting'),
  exposition: () => allMetrics.exposition(),
  metrics,
  onTlsReload: (reload) => {
    countTlsReload(reload);
    if (reload.result === 'failed') logger.error({ err: reload.error }, 'certificate not reloaded');
    else logger.info({ serialNumber: reload.serialNumber, expiresAtMs: reload.expiresAtMs }, 'serving certificate');
  },
  logger,
});
const drain = createDrain(server, { delayMs: drainDelayMs, graceMs: drainMs });
const port = await listen(server, flags.listen);

policyCache.onChange(() => void reconciler.reconcile());
const doLeaderDuties = createLeaderDuties({
  kube,
  policies: policyCache,
  holds: holdCache,
  grants: grantCache,
  namespaces,
  reviewAccess: createAccessReview(config),
  retentionMs,
  logger,
  now,
});
const housekeeping = setInterval(() => {
  void reconciler.reconcile();
  if (leader.isLeader()) void doLeaderDuties();
}, housekeepingMs);
await reconciler.reconcile();
logger.info({ port, username }, 'webhook serving');

runUntilSignal(logger, async () => {
  clearInterval(housekeeping);
  // Another may lead, and tell, while this one still answers; and the API server may be slow to take it.
  await Promise.all([notifier.close().then(() => leader.stop()), drain.run()]);
  await Promise.all([policyCache.stop(), holdCache.stop(), grantCache.stop(), namespaces.stop()]);
});

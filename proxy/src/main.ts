import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createMask,
  createPolicySet,
  HoldpointError,
  messageOf,
  proxyPermissions,
  withMaskedItems,
  withReleases,
  type AccessPolicy,
  type Grant,
  type Hold,
} from '@holdpoint/core';
import {
  countFlag,
  createDrain,
  createKubeClient,
  createLogger,
  createMetrics,
  createObjectCache,
  createRawClient,
  createTextHmac,
  createTokenReview,
  createTlsMetrics,
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
  type KubeConfig,
} from '@holdpoint/platform';
import { readConfigurationFile } from './identity/configuration-file.ts';
import { createConfiguredIdentity } from './identity/configured-identity.ts';
import { createIdentityMetrics } from './identity/metrics.ts';
import { createServiceAccountTokens, findClusterIssuer } from './identity/service-account-tokens.ts';
import { createSessions } from './identity/sessions.ts';
import { timed } from './identity/timed.ts';
import { createHeldBytes } from './held-bytes.ts';
import { createProxyMetrics, registerProxyGauges, type WatchedResource } from './metrics.ts';
import { createHoldFollower } from './pause/hold-follower.ts';
import { createPauseRoom } from './pause/pause-room.ts';
import { createPause } from './pause/pause.ts';
import { assertExactPermissions, assertSomebodyKnown, permissionNamespaces } from './start-checks.ts';
import { createTurnstile } from './pause/turnstile.ts';
import { createRecorder } from './recording/recorder.ts';
import { createProxyServer } from './server.ts';
import { createSinkClient } from './sink/sink-client.ts';
import { createOpenSessions } from './streams/open-sessions.ts';
import { createOpenSockets } from './streams/open-sockets.ts';
import { createRecentRefusals } from './streams/recent-refusals.ts';
import { createStandings } from './streams/stream-standing.ts';
import { createStrangerLimit } from './transcript/stranger-limit.ts';
import { createTeller } from './transcript/teller.ts';
import { toLeftOutEvent } from './transcript/transcript-event.ts';
import { createTranscript } from './transcript/transcript.ts';
import { createAggregatedGroups, type ApiService } from './upstream/aggregated-groups.ts';
import { createApiServer } from './upstream/api-server.ts';
import { createCredentials } from './upstream/credentials.ts';
import { createFetch } from './upstream/fetch-with-ca.ts';
import { createUnderWay } from './under-way.ts';

/** Requests and terminals under way get so long to their end; with the delay before it, well below the 30 s of a pod. */
const drainMs = 10_000;
/** What recordings and the transcript still have to say after that, each. */
const lastWordsMs = 3_000;
/** Of the API server's 200 seats for writes, at most so many go to requests whose approval has just come. */
const resumingAtOnce = 32;
/** Masked items that are remembered: half of it, which is kept at the least, is the largest list there should be, 5,000 Secrets of 3 KB. */
const rememberedBytes = 32 * 1_048_576;

exitOnFatal('proxy');
const flags = parseFlags(process.argv.slice(2), {
  listen: { description: 'host:port to serve on', default: '0.0.0.0:8443' },
  'tls-cert-file': { description: 'PEM certificate chain' },
  'tls-private-key-file': { description: 'PEM private key' },
  kubeconfig: { description: "our own credentials; empty: the pod's", default: '' },
  'authentication-config': {
    description: "AuthenticationConfiguration file, as the API server's; empty: no issuer is known",
    default: '',
  },
  'service-account-namespaces': {
    description: 'comma-separated namespaces whose service accounts are served; empty: none',
    default: '',
  },
  'service-account-audience': {
    description: "audience that a service account's token must be for; empty: the API server's own",
    default: '',
  },
  'session-claims': {
    description: 'comma-separated claims that name a session where no mapping does; the first that is there counts',
    default: 'sid,jti',
  },
  'session-idle': {
    description: 'how long whoever has no session in the token may be quiet within one',
    default: '30m',
  },
  'mask-key-file': { description: 'key that mask tokens are bound by, as hex' },
  'recordings-url': { description: 'where the audit sink takes terminal recordings' },
  'transcripts-url': {
    description: 'where the audit sink takes transcripts; empty: none are written',
    default: '',
  },
  'recordings-ca-file': { description: 'PEM authorities of these URLs; empty: the system', default: '' },
  'recordings-token-file': { description: 'bearer token for these URLs; empty: none', default: '' },
  'max-paused': { description: 'requests that may wait for an approval at a time', default: '2000' },
  'max-paused-bytes': {
    description: 'bytes of their bodies, together',
    default: String(256 * 1024 ** 2),
  },
  'drain-delay': {
    description: 'how long it serves on after SIGTERM, until no new connection comes here',
    default: '5s',
  },
  check: { description: 'says what would keep it from serving, all at once, and exits 0 or 1', isSwitch: true },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const now = (): number => Date.now();
const elapsed = (): number => performance.now();
const readAuthentication = () => {
  const path = flags['authentication-config'];
  return path === '' ? undefined : { path, ...readConfigurationFile(path) };
};
const listOf = (text: string): string[] => text.split(',').filter((each) => each !== '');
const namespaces = listOf(flags['service-account-namespaces']);
const sessionClaims = listOf(flags['session-claims']);
const sessionIdleMs = (): number => durationFlag('session-idle', flags['session-idle']);
/** Whose account it is that impersonates; throws unless it may do exactly that. */
const provenAccount = async (config: KubeConfig): Promise<{ username: string; isKnownInFull: boolean }> => {
  const { username } = await ownUser(config);
  const owned = await Promise.all(permissionNamespaces(namespaces).map((namespace) => ownRules(config, namespace)));
  assertExactPermissions(username, owned, proxyPermissions(namespaces));
  return { username, isKnownInFull: !owned.some(({ incomplete }) => incomplete) };
};
const maxPaused = (): number => countFlag('max-paused', flags['max-paused']);
const maxPausedBytes = (): number => countFlag('max-paused-bytes', flags['max-paused-bytes']);
const drainDelayMs = (): number => durationFlag('drain-delay', flags['drain-delay']);
const sinkAt = (flag: 'recordings-url' | 'transcripts-url') => {
  if (!/^https?:$/.test(URL.parse(flags[flag])?.protocol ?? '')) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--${flag}: "${flags[flag]}" is not an http or https URL`);
  }
  return createSinkClient({
    url: flags[flag],
    caFile: flags['recordings-ca-file'],
    tokenFile: flags['recordings-token-file'],
  });
};

if (flags.check === 'true') {
  // All at once: whoever installs it wants one list, not one error after the other.
  const problems = await problemsOf([
    maxPaused,
    maxPausedBytes,
    drainDelayMs,
    sessionIdleMs,
    () => readKey(flags['mask-key-file']),
    () => readTlsPair(flags['tls-cert-file'], flags['tls-private-key-file']),
    () => assertSomebodyKnown(readAuthentication()?.configuration ?? [], namespaces),
    () => (flags['recordings-ca-file'] === '' ? undefined : readCaBundle(flags['recordings-ca-file'])),
    () => requireReadable(flags['recordings-token-file']),
    () => sinkAt('recordings-url'),
    () => (flags['transcripts-url'] === '' ? undefined : sinkAt('transcripts-url')),
    () => provenAccount(loadKubeConfig({ file: flags.kubeconfig })),
    async () => {
      const kube = createKubeClient(loadKubeConfig({ file: flags.kubeconfig }));
      for (const kind of [kinds.accessPolicies, kinds.holds, kinds.grants, kinds.apiServices]) await kube.list(kind);
    },
  ]);
  process.stdout.write(problems.length === 0 ? 'proxy: ready to serve\n' : `${problems.join('\n')}\n`);
  process.exit(problems.length === 0 ? 0 : 1);
}

const logger = createLogger('proxy', flags['log-level']);
const drainDelay = drainDelayMs();
const room = createPauseRoom(maxPaused(), maxPausedBytes());
const config = loadKubeConfig({ file: flags.kubeconfig });
const sessions = createSessions(sessionIdleMs(), now);
const authentication = readAuthentication();
assertSomebodyKnown(authentication?.configuration ?? [], namespaces);
const { username: proxyUsername, isKnownInFull } = await provenAccount(config);
if (!isKnownInFull) logger.warn({ username: proxyUsername }, 'own permissions not known in full');
const serviceAccounts = async () => {
  const cluster = await findClusterIssuer(createRawClient(config));
  const audience = flags['service-account-audience'];
  const review = createTokenReview(config, audience === '' ? undefined : audience);
  return {
    issuer: cluster.url,
    authenticate: createServiceAccountTokens({
      cluster: { ...cluster, fetchKeys: timed(cluster.fetchKeys, elapsed, identityMetrics.keysFetched) },
      review: timed(review, elapsed, identityMetrics.tokenReviewed),
      namespaces,
      audience,
      sessionClaims,
      now,
    }),
  };
};
const mask = withMaskedItems(
  withReleases(createMask(createTextHmac(readKey(flags['mask-key-file']))), releaseCodec),
  (data) => hash('sha256', data, 'binary'),
  rememberedBytes,
);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const allMetrics = createMetrics({ service: 'proxy', version });
const metrics = createProxyMetrics(allMetrics);
const identityMetrics = createIdentityMetrics(allMetrics);
const countTlsReload = createTlsMetrics(allMetrics);
const watchBroke =
  (resource: WatchedResource) =>
  (error: unknown): void => {
    metrics.watchBroke(resource);
    logger.warn({ err: error, resource }, 'watch broken, starting again');
  };
const policies = await createObjectCache<AccessPolicy>(config, kinds.accessPolicies, watchBroke('accesspolicies'));
const holds = await createObjectCache<Hold>(config, kinds.holds, watchBroke('holds'));
const grants = await createObjectCache<Grant>(config, kinds.grants, watchBroke('grants'));
const apiServices = await createObjectCache<ApiService>(config, kinds.apiServices, watchBroke('apiservices'));

const aggregatedGroups = createAggregatedGroups(apiServices);
const openSockets = createOpenSockets();
const policySet = createPolicySet(policies, ({ source, problems }) =>
  logger.error({ policy: source.metadata.name, problems }, 'policy does not compile'),
);
const openSessions = createOpenSessions(
  createStandings({ policies: policySet.compiled, grants: () => grants.list(), aggregatedGroups, now }),
  logger,
);
policies.onChange(() => setImmediate(openSessions.review));
grants.onChange(() => setImmediate(openSessions.review));
/** A grant's time runs out without anybody writing it down. */
setInterval(openSessions.review, 10_000).unref();
const underWay = createUnderWay();
const follower = createHoldFollower(holds, now);
const transcript =
  flags['transcripts-url'] === ''
    ? undefined
    : createTranscript({
        post: sinkAt('transcripts-url'),
        leftOutEvent: (leftOut) => toLeftOutEvent(leftOut, now(), proxyUsername),
        observer: metrics.transcript,
        logger,
        now,
      });
registerProxyGauges(allMetrics, {
  pauses: () => room.taken(),
  streams: () => openSockets.count(),
  transcript: () => transcript?.queued() ?? { events: 0, bytes: 0 },
});
const authenticator = createConfiguredIdentity({
  file: authentication,
  fetchFor: createFetch,
  serviceAccounts: namespaces.length === 0 ? undefined : await serviceAccounts(),
  sessionClaims,
  sessions,
  metrics: allMetrics,
  counts: identityMetrics,
  logger,
  now,
  elapsed,
});
const ending = new AbortController();
const server = createProxyServer(
  {
    authenticator,
    policies: policySet.compiled,
    policyObjects: () => policies.list(),
    aggregatedGroups,
    notReady: () => (drain.isDraining() ? 'ending' : undefined),
    exposition: () => allMetrics.exposition(),
    onTlsReload: (reload) => {
      countTlsReload(reload);
      if (reload.result === 'failed') logger.error({ err: reload.error }, 'certificate not reloaded');
      else logger.info({ serialNumber: reload.serialNumber, expiresAtMs: reload.expiresAtMs }, 'serving certificate');
    },
    tell: createTeller({ metrics, transcript, strangers: createStrangerLimit(now), proxyUsername }),
    apiServer: createApiServer(createCredentials(config, now)),
    pause: createPause({ follower, room, resuming: createTurnstile(resumingAtOnce), now }),
    mask,
    codec: releaseCodec,
    heldBytes: createHeldBytes(),
    recorder: createRecorder(sinkAt('recordings-url')),
    openSockets,
    underWay,
    openSessions,
    sessionOpened: metrics.streamOpened,
    recentRefusals: createRecentRefusals(now),
    logger,
    now,
    ending: ending.signal,
    elapsed,
  },
  { certFile: flags['tls-cert-file'], keyFile: flags['tls-private-key-file'] },
);
const drain = createDrain(server, {
  delayMs: drainDelay,
  graceMs: drainMs,
  onClosing: () => {
    follower.release();
    ending.abort();
    // The server knows nothing of them any more, and waits for nothing but its own.
    setTimeout(() => openSockets.destroyAll(), drainMs).unref();
  },
});
const port = await listen(server, flags.listen);
logger.info({ port, username: proxyUsername }, 'proxy serving');

runUntilSignal(logger, async () => {
  await drain.run();
  // Nobody is connected any more; what they did last is still on its way to the record.
  await underWay.settled(lastWordsMs);
  const unsaid = (await transcript?.close(lastWordsMs)) ?? 0;
  if (unsaid > 0) logger.error({ events: unsaid }, 'transcript ends without its last events');
  await Promise.all([policies.stop(), holds.stop(), grants.stop(), apiServices.stop()]);
});

function requireReadable(file: string): void {
  if (file === '') return;
  try {
    readFileSync(file);
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

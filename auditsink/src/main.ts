import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMask, HoldpointError, type AccessPolicy } from '@holdpoint/core';
import {
  createAccessReview,
  createDrain,
  createLogger,
  createMetrics,
  createObjectCache,
  createTlsMetrics,
  createTokenReview,
  durationFlag,
  exitOnFatal,
  kinds,
  listen,
  parseFlags,
  problemsOf,
  readCaBundle,
  readKey,
  readTlsPair,
  runUntilSignal,
  type ClickHouseReader,
} from '@holdpoint/platform';
import { apiServersOf } from './completeness/api-servers.ts';
import { startCompleteness } from './completeness/completeness.ts';
import { createGoverned } from './governed/governed.ts';
import { createIntake } from './intake/intake.ts';
import { createSinkMetrics, registerSinkGauges } from './metrics.ts';
import { ownCredentials } from './own-credentials.ts';
import { createAuditors } from './query/auditors.ts';
import { createQueryApp } from './query/query-app.ts';
import { createSlots } from './query/slots.ts';
import { createSinkServer } from './server.ts';
import { lockDataDir } from './spool/data-lock.ts';
import { openSpool } from './spool/spool.ts';
import { createAuditStore } from './store/audit-store.ts';
import { createCheckpoints, createSigner } from './store/checkpoints.ts';
import { clusterOf, retentionDaysOf, storeOpener } from './store/flags.ts';
import { createLoader, type Loader } from './store/loader.ts';
import { migrate } from './store/migrate.ts';
import { openWhenUp } from './store/open-when-up.ts';
import { applyRetention } from './store/retention.ts';
import { sinkName } from './store/sink-name.ts';

/** POSTs under way get so long to their end; with the delay before it, well below the 30 s that Kubernetes gives a pod. */
const drainMs = 10_000;

/** Each may take a core and its share of memory, beside the intake. */
const maxQueries = 4;
/** A dashboard asks for all of its panels at once. */
const maxWaitingQueries = 32;
/** ClickHouse's clients give a query 30 s. */
const maxQueryWaitMs = 10_000;

exitOnFatal('auditsink');
const flags = parseFlags(process.argv.slice(2), {
  listen: { description: 'host:port to serve HTTPS on', default: '0.0.0.0:8444' },
  'tls-cert-file': { description: 'PEM certificate to serve with' },
  'tls-private-key-file': { description: 'PEM private key of that certificate' },
  'data-dir': { description: 'folder for the spool and the embedded store; no other process may use it' },
  'mask-key-file': { description: 'hex key, shared with webhook and proxy: binds masks' },
  'intake-token-file': { description: 'bearer token of whoever sends the API server’s events' },
  'intake-client-ca-file': {
    description: 'PEM bundle: a certificate of these authorities stands for the intake token; empty: none does',
    default: '',
  },
  'intake-client-names': {
    description:
      'common names, DNS names or URIs that such a certificate must have one of, comma-separated; empty: any',
    default: '',
  },
  'recordings-token-file': {
    description: 'bearer token of the proxy, for its transcripts and recordings; empty: the intake token',
    default: '',
  },
  'audit-log-file': { description: 'audit log files to follow, comma-separated; empty: none', default: '' },
  'query-token-file': { description: 'token of whoever asks in SQL' },
  'query-token-audience': {
    description: 'audience that tokens of the cluster must have to ask in SQL; empty: the API server',
    default: '',
  },
  'proxy-username': {
    description: 'the account through which the proxy impersonates',
    default: 'system:serviceaccount:holdpoint-system:holdpoint-proxy',
  },
  kubeconfig: {
    description: "how to reach the API server; empty: the pod's service account, if there is one",
    default: '',
  },
  'apiserver-metrics': {
    description: "none, kubernetes (the kubeconfig's API server), or https URLs of every API server",
    default: 'kubernetes',
  },
  'completeness-every': { description: 'how often API servers are asked what they have audited', default: '60s' },
  'completeness-settle': { description: 'how long events may be late', default: '5m' },
  'expect-proxy': { description: 'governed users are to come through the proxy', isSwitch: true },
  'spool-max-bytes': { description: 'past this the intake answers 503', default: String(4 * 1024 ** 3) },
  'sink-name': { description: 'whose chain is written; made up once for a data folder where it is empty', default: '' },
  'checkpoint-key-file': { description: 'PEM of the Ed25519 key that checkpoints are signed with', default: '' },
  'retention-days': {
    description: 'days that rows are kept after the day they were stored; 0: for ever',
    default: '0',
  },
  'clickhouse-url': { description: 'a ClickHouse server; without it the store is in this process', default: '' },
  'clickhouse-user': { description: 'its user', default: 'default' },
  'clickhouse-password-file': { description: 'the password of that user', default: '' },
  'clickhouse-ca-file': { description: 'PEM of the authority that vouches for the server', default: '' },
  'clickhouse-cluster': { description: 'makes replicated and distributed tables on this cluster', default: '' },
  'drain-delay': {
    description: 'how long it serves on after SIGTERM, until no new connection comes here',
    default: '5s',
  },
  check: { description: 'says what would keep it from serving, all at once, and exits 0 or 1', isSwitch: true },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const now = (): number => Date.now();
const apiServersFor = (kubernetes: ReturnType<typeof ownCredentials>) =>
  apiServersOf(
    kubernetes === undefined ? 'none' : flags['apiserver-metrics'],
    kubernetes?.getCurrentCluster()?.server ?? '',
  );
const signer = () => (flags['checkpoint-key-file'] === '' ? undefined : createSigner(flags['checkpoint-key-file']));
const clientCa = () =>
  flags['intake-client-ca-file'] === '' ? undefined : readCaBundle(flags['intake-client-ca-file']);
const recordingsTokenFile = flags['recordings-token-file'] || flags['intake-token-file'];

if (flags.check === 'true') {
  // All at once: whoever installs it wants one list, not one error after the other.
  const problems = await problemsOf([
    () => spoolMaxBytes(),
    () => durationFlag('drain-delay', flags['drain-delay']),
    () => durationFlag('completeness-every', flags['completeness-every']),
    () => durationFlag('completeness-settle', flags['completeness-settle']),
    () => retentionDaysOf(flags['retention-days']),
    () => readKey(flags['mask-key-file']),
    () => readTlsPair(flags['tls-cert-file'], flags['tls-private-key-file']),
    ...[...new Set([flags['intake-token-file'], recordingsTokenFile, flags['query-token-file']])].map(
      (file) => () => requireToken(file),
    ),
    clientCa,
    signer,
    () => apiServersFor(ownCredentials(flags.kubeconfig)),
    async () => {
      const lock = lockDataDir(flags['data-dir']);
      try {
        // Set up it is when it is served with.
        const { writer } = await storeOpener(flags)();
        await writer.close();
      } finally {
        lock.release();
      }
    },
  ]);
  process.stdout.write(problems.length === 0 ? 'auditsink: ready to serve\n' : `${problems.join('\n')}\n`);
  process.exit(problems.length === 0 ? 0 : 1);
}

const completenessEveryMs = durationFlag('completeness-every', flags['completeness-every']);
const settleMs = durationFlag('completeness-settle', flags['completeness-settle']);
const drainDelayMs = durationFlag('drain-delay', flags['drain-delay']);
const kubernetes = ownCredentials(flags.kubeconfig);
const apiServers = apiServersFor(kubernetes);
const logger = createLogger('auditsink', flags['log-level']);
const key = readKey(flags['mask-key-file']);
const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
const dataDir = flags['data-dir'];
const openStore = storeOpener(flags);
const cluster = clusterOf(flags);
const retentionDays = retentionDaysOf(flags['retention-days']);
const sign = signer();
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const allMetrics = createMetrics({ service: 'auditsink', version });
const metrics = createSinkMetrics(allMetrics);
const countTlsReload = createTlsMetrics(allMetrics);

const lock = lockDataDir(dataDir);
const sink = sinkName(dataDir, flags['sink-name']);
const spool = await openSpool({ folder: join(dataDir, 'spool'), maxBytes: spoolMaxBytes(), logger });
/** What is there once the store is open. */
const opened: { loader?: Loader; reader?: ClickHouseReader } = {};
registerSinkGauges(allMetrics, {
  spoolBytes: () => spool.size(),
  spoolMaxBytes: spoolMaxBytes(),
  isStoreOpen: () => opened.reader !== undefined,
});

const governed = await createGoverned({
  openPolicies:
    kubernetes === undefined
      ? undefined
      : (onError) => createObjectCache<AccessPolicy>(kubernetes, kinds.accessPolicies, onError),
  expectProxy: flags['expect-proxy'] === 'true',
  onReadable: metrics.policiesReadable,
  logger,
});
const intake = createIntake({
  ...{ spool, mask: createMask(hmac), now, logger, recordingsTokenFile },
  proxyUsername: flags['proxy-username'],
  eventSenders: {
    tokenFile: flags['intake-token-file'],
    clientNames: flags['intake-client-ca-file'] === '' ? undefined : listOf(flags['intake-client-names']),
  },
  logFiles: listOf(flags['audit-log-file']),
  logPositionsFolder: join(dataDir, 'log-positions'),
  onSpooled: () => opened.loader?.wake(),
  mark: governed.mark,
  fieldsAbout: governed.fieldsAbout,
  observer: metrics.intake,
});
const query = createQueryApp({
  reader: () => opened.reader,
  checkAuditor: createAuditors({
    tokenFile: flags['query-token-file'],
    kubernetes: kubernetes && {
      reviewToken: createTokenReview(kubernetes, flags['query-token-audience'] || undefined),
      reviewAccess: createAccessReview(kubernetes),
    },
    now,
  }),
  slots: createSlots({ size: maxQueries, maxWaiting: maxWaitingQueries, maxWaitMs: maxQueryWaitMs }),
  logger,
  elapsed: () => performance.now(),
});
const server = createSinkServer({
  certFile: flags['tls-cert-file'],
  keyFile: flags['tls-private-key-file'],
  clientCa: clientCa(),
  ...{ intake, query, metrics },
  notReady: () => (drain.isDraining() ? 'ending' : undefined),
  notAnswering: () => (opened.reader === undefined ? 'the store is being opened' : undefined),
  exposition: () => allMetrics.exposition(),
  onTlsReload: (reload) => {
    countTlsReload(reload);
    if (reload.result === 'failed') logger.error({ err: reload.error }, 'certificate not reloaded');
    else logger.info({ serialNumber: reload.serialNumber, expiresAtMs: reload.expiresAtMs }, 'serving certificate');
  },
});
const drain = createDrain(server, { delayMs: drainDelayMs, graceMs: drainMs });
// The intake serves before the store is open: events must not wait for it, the spool is there.
const port = await listen(server, flags.listen);
logger.info({ port, sink, spooledBytes: spool.size() }, 'audit sink serving');

const stopping = new AbortController();
const opening = openWhenUp(openStore, ({ writer }) => migrate(writer, { cluster }), {
  logger,
  signal: stopping.signal,
}).then(async (store) => {
  if (store === undefined) return undefined;
  const { writer } = store;
  const auditStore = createAuditStore(writer, sink);
  const checkpoints = createCheckpoints({ store: auditStore, sink, retentionDays, sign, now, logger });
  const loader = createLoader({
    ...{ spool, store: auditStore, checkpoints, sink, now, logger, observer: metrics.store },
    folders: { spool: join(dataDir, 'spool'), refused: join(dataDir, 'refused') },
    async prepare(ends) {
      await checkpoints.stateRetention(ends);
      await applyRetention(writer, retentionDays, cluster);
    },
  });
  const reader = await store.reader();
  Object.assign(opened, { loader, reader });
  const completeness = startCompleteness({
    ...{ cluster: kubernetes, apiServers, everyMs: completenessEveryMs, settleMs, store: writer, sink, now, logger },
    newAuditId: randomUUID,
    observer: metrics.completeness,
  });
  return { writer, loader, reader, completeness };
});

runUntilSignal(logger, async () => {
  stopping.abort();
  await drain.run();
  await intake.close();
  const open = await opening;
  await open?.completeness.stop();
  await open?.loader.close();
  await spool.close();
  await open?.reader.close();
  await open?.writer.close();
  lock.release();
});

function spoolMaxBytes(): number {
  const bytes = Number(flags['spool-max-bytes']);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    `--spool-max-bytes: "${flags['spool-max-bytes']}" is not a number of bytes`,
  );
}

function requireToken(file: string): void {
  const text = readFileSync(file, 'utf8').trim();
  if (text === '') throw new HoldpointError('ERR_CONFIG_INVALID', `${file}: expected a token, got nothing`);
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

import { createHmac, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createMask, failureStatus, type AccessPolicy } from '@holdpoint/core';
import {
  closeGracefully,
  createHttpsServer,
  createLogger,
  createObjectCache,
  durationFlag,
  exitOnFatal,
  kinds,
  listen,
  parseFlags,
  pathOf,
  readCaBundle,
  readKey,
  runUntilSignal,
  sendJson,
  type ClickHouseReader,
} from '@holdpoint/platform';
import { apiServersOf } from './completeness/api-servers.ts';
import { startCompleteness } from './completeness/completeness.ts';
import { createGoverned } from './governed/governed.ts';
import { createIntake } from './intake/intake.ts';
import { ownCredentials } from './own-credentials.ts';
import { createQueryApp } from './query/query-app.ts';
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

const drainMs = 10_000;
/** The API server gives a POST 30 s; tens of megabytes may be on their way. */
const requestTimeoutMs = 60_000;

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
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const completenessEveryMs = durationFlag('completeness-every', flags['completeness-every']);
const settleMs = durationFlag('completeness-settle', flags['completeness-settle']);
const kubernetes = ownCredentials(flags.kubeconfig);
const apiServers = apiServersOf(
  kubernetes === undefined ? 'none' : flags['apiserver-metrics'],
  kubernetes?.getCurrentCluster()?.server ?? '',
);
const logger = createLogger('auditsink', flags['log-level']);
const key = readKey(flags['mask-key-file']);
const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
const dataDir = flags['data-dir'];
const openStore = storeOpener(flags);
const cluster = clusterOf(flags);
const retentionDays = retentionDaysOf(flags['retention-days']);
const sign = flags['checkpoint-key-file'] === '' ? undefined : createSigner(flags['checkpoint-key-file']);
const lock = lockDataDir(dataDir);
const sink = sinkName(dataDir, flags['sink-name']);

const spool = await openSpool({ folder: join(dataDir, 'spool'), maxBytes: Number(flags['spool-max-bytes']), logger });
/** What is there once the store is open. */
const opened: { loader?: Loader; reader?: ClickHouseReader } = {};

const governed = await createGoverned({
  openPolicies:
    kubernetes === undefined
      ? undefined
      : (onError) => createObjectCache<AccessPolicy>(kubernetes, kinds.accessPolicies, onError),
  expectProxy: flags['expect-proxy'] === 'true',
  logger,
});

const clientCaFile = flags['intake-client-ca-file'];
const intakeTokenFile = flags['intake-token-file'];
const intake = createIntake({
  spool,
  mask: createMask(hmac),
  proxyUsername: flags['proxy-username'],
  mark: governed.mark,
  now: () => Date.now(),
  eventSenders: {
    tokenFile: intakeTokenFile,
    clientNames: clientCaFile === '' ? undefined : listFlag(flags['intake-client-names']),
  },
  recordingsTokenFile: flags['recordings-token-file'] === '' ? intakeTokenFile : flags['recordings-token-file'],
  logFiles: listFlag(flags['audit-log-file']),
  logPositionsFolder: join(dataDir, 'log-positions'),
  onSpooled: () => opened.loader?.wake(),
  logger,
});
const queryApp = createQueryApp({ reader: () => opened.reader, tokenFile: flags['query-token-file'], logger });
const server = createHttpsServer({
  certFile: flags['tls-cert-file'],
  keyFile: flags['tls-private-key-file'],
  requestTimeoutMs,
  ...(clientCaFile === '' ? {} : { clientCa: readCaBundle(clientCaFile) }),
  handler: (request, response) => {
    const path = pathOf(request);
    const take = request.method === 'POST' ? intake.endpoints.get(path) : undefined;
    if (take !== undefined) take(request, response);
    else if (path === '/query') queryApp(request, response);
    else if (path === '/healthz') sendJson(response, 200, { status: 'ok' });
    else if (path === '/readyz') sendJson(response, opened.reader === undefined ? 503 : 200, {});
    else sendJson(response, 404, failureStatus(404, `${request.method ?? ''} ${path}: no such endpoint`));
  },
});
// The intake serves before the store is open: events must not wait for it, the spool is there.
const port = await listen(server, flags.listen);

logger.info({ port, sink, spooledBytes: spool.size() }, 'audit sink serving');

const stopping = new AbortController();
const opening = openWhenUp(openStore, ({ writer }) => migrate(writer, { cluster }), {
  logger,
  signal: stopping.signal,
}).then(async (store) => {
  if (store === undefined) return undefined;
  const auditStore = createAuditStore(store.writer, sink);
  const now = (): number => Date.now();
  const checkpoints = createCheckpoints({ store: auditStore, sink, retentionDays, sign, now, logger });
  const loader = createLoader({
    ...{ spool, store: auditStore, checkpoints, sink, now, logger },
    folders: { spool: join(dataDir, 'spool'), refused: join(dataDir, 'refused') },
    async prepare(ends) {
      await checkpoints.stateRetention(ends);
      await applyRetention(store.writer, retentionDays, cluster);
    },
  });
  const reader = await store.reader();
  Object.assign(opened, { loader, reader });
  const completeness = startCompleteness({
    ...{
      cluster: kubernetes,
      apiServers,
      everyMs: completenessEveryMs,
      settleMs,
      store: store.writer,
      sink,
      now,
      logger,
    },
    newAuditId: randomUUID,
  });
  return { store, loader, reader, completeness };
});

runUntilSignal(logger, async () => {
  stopping.abort();
  await closeGracefully(server, drainMs);
  await intake.close();
  const open = await opening;
  await open?.completeness.stop();
  await open?.loader.close();
  await spool.close();
  await open?.reader.close();
  await open?.store.writer.close();
  lock.release();
});

function listFlag(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

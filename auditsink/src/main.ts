import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMask, failureStatus } from '@holdpoint/core';
import {
  closeGracefully,
  createAccessReview,
  createHttpsServer,
  createLogger,
  createTokenReview,
  exitOnFatal,
  listen,
  loadKubeConfig,
  openEmbedded,
  parseFlags,
  pathOf,
  readKey,
  runUntilSignal,
  sendJson,
  type ClickHouseReader,
} from '@holdpoint/platform';
import { takeAudit, takeRecordings } from './intake/intake.ts';
import { createAuditors } from './query/auditors.ts';
import { createQueryApp } from './query/query-app.ts';
import { createSlots } from './query/slots.ts';
import { openSpool } from './spool/spool.ts';
import { createAuditStore } from './store/audit-store.ts';
import { createLoader, type Loader } from './store/loader.ts';
import { migrate } from './store/migrate.ts';

const drainMs = 10_000;
/** The API server gives a POST 30 s; tens of megabytes may be on their way. */
const requestTimeoutMs = 60_000;

/**
 * The engine and the disk share the four threads that Node has for what blocks. Two are left to the spool and the loader, and
 * to what ends a query whose client is gone.
 */
const maxQueries = 2;
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
  'intake-token-file': { description: 'bearer token of whoever sends events and recordings' },
  'query-token-file': { description: 'token of whoever asks in SQL' },
  kubeconfig: {
    description:
      'kubeconfig to ask the API server by whose tokens may ask in SQL; without one only the query token may',
    default: '',
  },
  'query-token-audience': {
    description: 'audience that tokens of the cluster must have; empty: the API server',
    default: '',
  },
  'proxy-username': {
    description: 'the account through which the proxy impersonates',
    default: 'system:serviceaccount:holdpoint-system:holdpoint-proxy',
  },
  'spool-max-bytes': { description: 'past this the intake answers 503', default: String(4 * 1024 ** 3) },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const logger = createLogger('auditsink', flags['log-level']);
const key = readKey(flags['mask-key-file']);
const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
const dataDir = flags['data-dir'];
mkdirSync(dataDir, { recursive: true, mode: 0o700 });

const spool = await openSpool({ folder: join(dataDir, 'spool'), maxBytes: Number(flags['spool-max-bytes']), logger });
/** What is there once the store is open. */
const opened: { loader?: Loader; reader?: ClickHouseReader } = {};

const queryPaths: ReadonlySet<string> = new Set(['/', '/query', '/ping', '/query/ping']);
const intake = {
  spool,
  mask: createMask(hmac),
  proxyUsername: flags['proxy-username'],
  now: () => Date.now(),
  tokenFile: flags['intake-token-file'],
  onSpooled: () => opened.loader?.wake(),
  logger,
};
const clusterConfig = flags.kubeconfig === '' ? undefined : loadKubeConfig({ file: flags.kubeconfig });
const queryApp = createQueryApp({
  reader: () => opened.reader,
  checkAuditor: createAuditors({
    tokenFile: flags['query-token-file'],
    kubernetes: clusterConfig && {
      reviewToken: createTokenReview(clusterConfig, flags['query-token-audience'] || undefined),
      reviewAccess: createAccessReview(clusterConfig),
    },
    now: () => Date.now(),
  }),
  slots: createSlots({ size: maxQueries, maxWaiting: maxWaitingQueries, maxWaitMs: maxQueryWaitMs }),
  logger,
  elapsed: () => performance.now(),
});
const server = createHttpsServer({
  certFile: flags['tls-cert-file'],
  keyFile: flags['tls-private-key-file'],
  requestTimeoutMs,
  handler: (request, response) => {
    const path = pathOf(request);
    if (path === '/audit' && request.method === 'POST') void takeAudit(request, response, intake);
    else if (path === '/recordings' && request.method === 'POST') void takeRecordings(request, response, intake);
    else if (queryPaths.has(path)) queryApp(request, response);
    else if (path === '/healthz') sendJson(response, 200, { status: 'ok' });
    else if (path === '/readyz') sendJson(response, opened.reader === undefined ? 503 : 200, {});
    else sendJson(response, 404, failureStatus(404, `${request.method ?? ''} ${path}: no such endpoint`));
  },
});
// The intake serves before the store is open: events must not wait for it, the spool is there.
const port = await listen(server, flags.listen);

const store = await openEmbedded(join(dataDir, 'store'));
await migrate(store.writer);
const loader = createLoader(spool, createAuditStore(store.writer), join(dataDir, 'spool', 'position.json'), logger);
const reader = await store.reader();
Object.assign(opened, { loader, reader });
logger.info({ port, spooledBytes: spool.size() }, 'audit sink serving');

runUntilSignal(logger, async () => {
  await closeGracefully(server, drainMs);
  await loader.close();
  await spool.close();
  await reader.close();
  await store.writer.close();
});

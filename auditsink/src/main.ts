import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMask, failureStatus } from '@holdpoint/core';
import {
  closeGracefully,
  createHttpsServer,
  createLogger,
  exitOnFatal,
  listen,
  openEmbedded,
  parseFlags,
  pathOf,
  readCaBundle,
  readKey,
  runUntilSignal,
  sendJson,
  type ClickHouseReader,
} from '@holdpoint/platform';
import { createIntake } from './intake/intake.ts';
import { createQueryApp } from './query/query-app.ts';
import { openSpool } from './spool/spool.ts';
import { createAuditStore } from './store/audit-store.ts';
import { createLoader, type Loader } from './store/loader.ts';
import { migrate } from './store/migrate.ts';

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

const clientCaFile = flags['intake-client-ca-file'];
const intakeTokenFile = flags['intake-token-file'];
const intake = createIntake({
  spool,
  mask: createMask(hmac),
  proxyUsername: flags['proxy-username'],
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

const store = await openEmbedded(join(dataDir, 'store'));
await migrate(store.writer);
const loader = createLoader(spool, createAuditStore(store.writer), join(dataDir, 'spool', 'position.json'), logger);
const reader = await store.reader();
Object.assign(opened, { loader, reader });
logger.info({ port, spooledBytes: spool.size() }, 'audit sink serving');

runUntilSignal(logger, async () => {
  await closeGracefully(server, drainMs);
  await intake.close();
  await loader.close();
  await spool.close();
  await reader.close();
  await store.writer.close();
});

function listFlag(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

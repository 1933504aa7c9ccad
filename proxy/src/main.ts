import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createMask,
  parseAuthenticationConfiguration,
  withReleases,
  type AccessPolicy,
  type Hold,
} from '@holdpoint/core';
import {
  closeGracefully,
  createLogger,
  createObjectCache,
  exitOnFatal,
  kinds,
  listen,
  loadKubeConfig,
  parseFlags,
  parseYaml,
  readKey,
  releaseCodec,
  runUntilSignal,
} from '@holdpoint/platform';
import { createAuthenticator } from './identity/authenticator.ts';
import { createHoldFollower } from './pause/hold-follower.ts';
import { createPause } from './pause/pause.ts';
import { createRecorder } from './recording/recorder.ts';
import { createProxyServer } from './server.ts';
import { createOpenSockets } from './streams/open-sockets.ts';
import { createRecentRefusals } from './streams/recent-refusals.ts';
import { createAggregatedGroups, type ApiService } from './upstream/aggregated-groups.ts';
import { createApiServer } from './upstream/api-server.ts';
import { createCredentials } from './upstream/credentials.ts';
import { createFetch } from './upstream/fetch-with-ca.ts';

exitOnFatal('proxy');
const flags = parseFlags(process.argv.slice(2), {
  listen: { description: 'host:port to serve on', default: '0.0.0.0:8443' },
  'tls-cert-file': { description: 'PEM certificate chain' },
  'tls-private-key-file': { description: 'PEM private key' },
  kubeconfig: { description: "our own credentials; empty: the pod's", default: '' },
  'authentication-config': { description: "AuthenticationConfiguration file, as the API server's" },
  'mask-key-file': { description: 'key that mask tokens are bound by, as hex' },
  'recordings-url': { description: 'where the audit sink takes terminal recordings' },
  'recordings-ca-file': { description: 'PEM authorities of that URL; empty: the system', default: '' },
  'recordings-token-file': { description: 'bearer token for that URL; empty: none', default: '' },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const logger = createLogger('proxy', flags['log-level']);
const now = (): number => Date.now();
const config = loadKubeConfig({ file: flags.kubeconfig });
const authentication = parseAuthenticationConfiguration(
  parseYaml(readFileSync(flags['authentication-config'], 'utf8')),
);
const maskKey = readKey(flags['mask-key-file']);
const onWatchError = (error: unknown): void => logger.warn({ err: error }, 'watch broken, starting again');
const policies = await createObjectCache<AccessPolicy>(config, kinds.accessPolicies, onWatchError);
const holds = await createObjectCache<Hold>(config, kinds.holds, onWatchError);
const apiServices = await createObjectCache<ApiService>(config, kinds.apiServices, onWatchError);

const openSockets = createOpenSockets();
let ready = true;
const server = createProxyServer(
  {
    authenticator: createAuthenticator(authentication, createFetch, now),
    policies: () => policies.list(),
    aggregatedGroups: createAggregatedGroups(apiServices),
    isReady: () => ready,
    apiServer: createApiServer(createCredentials(config, now)),
    pause: createPause(createHoldFollower(holds, now), now),
    mask: withReleases(
      createMask((text) => createHmac('sha256', maskKey).update(text).digest('hex')),
      releaseCodec,
    ),
    codec: releaseCodec,
    recorder: createRecorder({
      url: flags['recordings-url'],
      caFile: flags['recordings-ca-file'],
      tokenFile: flags['recordings-token-file'],
    }),
    openSockets,
    recentRefusals: createRecentRefusals(now),
    logger,
    now,
  },
  { certFile: flags['tls-cert-file'], keyFile: flags['tls-private-key-file'] },
);
const port = await listen(server, flags.listen);
logger.info({ port }, 'proxy listening');

/** Long enough for answers under way; watches and paused requests are cut, and their clients ask again. */
const graceMs = 5_000;
runUntilSignal(logger, async () => {
  ready = false;
  setTimeout(() => openSockets.destroyAll(), graceMs).unref();
  await closeGracefully(server, graceMs);
  await Promise.all([policies.stop(), holds.stop(), apiServices.stop()]);
});

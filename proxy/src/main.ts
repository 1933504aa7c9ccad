import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createMask,
  parseAuthenticationConfiguration,
  proxyPermissions,
  type AccessPolicy,
  type Hold,
} from '@holdpoint/core';
import {
  closeGracefully,
  createLogger,
  createObjectCache,
  createRawClient,
  createTokenReview,
  durationFlag,
  exitOnFatal,
  kinds,
  listen,
  loadKubeConfig,
  ownRules,
  ownUser,
  parseFlags,
  parseYaml,
  readKey,
  runUntilSignal,
} from '@holdpoint/platform';
import { createAuthenticator } from './identity/authenticator.ts';
import { createServiceAccountTokens, findClusterIssuer } from './identity/service-account-tokens.ts';
import { createSessions } from './identity/sessions.ts';
import { createHoldFollower } from './pause/hold-follower.ts';
import { createPause } from './pause/pause.ts';
import { createPoliciesInForce } from './policies/policies-in-force.ts';
import { createRecorder } from './recording/recorder.ts';
import { createProxyServer } from './server.ts';
import { assertExactPermissions, assertSomebodyKnown, permissionNamespaces } from './start-checks.ts';
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
  'recordings-ca-file': { description: 'PEM authorities of that URL; empty: the system', default: '' },
  'recordings-token-file': { description: 'bearer token for that URL; empty: none', default: '' },
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const logger = createLogger('proxy', flags['log-level']);
const now = (): number => Date.now();
const config = loadKubeConfig({ file: flags.kubeconfig });
const listOf = (text: string): string[] => text.split(',').filter((each) => each !== '');
const namespaces = listOf(flags['service-account-namespaces']);
const sessionClaims = listOf(flags['session-claims']);
const sessions = createSessions(durationFlag('session-idle', flags['session-idle']), now);
const authentication =
  flags['authentication-config'] === ''
    ? []
    : parseAuthenticationConfiguration(parseYaml(readFileSync(flags['authentication-config'], 'utf8')));
assertSomebodyKnown(authentication, namespaces);
const permissions = proxyPermissions(namespaces);
const { username } = await ownUser(config);
const owned = await Promise.all(permissionNamespaces(namespaces).map((namespace) => ownRules(config, namespace)));
if (owned.some(({ incomplete }) => incomplete)) logger.warn({ username }, 'own permissions not known in full');
assertExactPermissions(username, owned, permissions);
const serviceAccounts = async () => {
  const cluster = await findClusterIssuer(createRawClient(config));
  const audience = flags['service-account-audience'];
  const review = createTokenReview(config, audience === '' ? undefined : audience);
  return {
    issuer: cluster.url,
    authenticate: createServiceAccountTokens({ cluster, review, namespaces, audience, sessionClaims, now }),
  };
};
const maskKey = readKey(flags['mask-key-file']);
const onWatchError = (error: unknown): void => logger.warn({ err: error }, 'watch broken, starting again');
const policies = await createObjectCache<AccessPolicy>(config, kinds.accessPolicies, onWatchError);
const holds = await createObjectCache<Hold>(config, kinds.holds, onWatchError);
const apiServices = await createObjectCache<ApiService>(config, kinds.apiServices, onWatchError);

const openSockets = createOpenSockets();
let ready = true;
const server = createProxyServer(
  {
    authenticator: createAuthenticator({
      configuration: authentication,
      fetchFor: createFetch,
      serviceAccounts: namespaces.length === 0 ? undefined : await serviceAccounts(),
      sessionClaims,
      sessions,
      now,
    }),
    policies: createPoliciesInForce(policies, logger),
    aggregatedGroups: createAggregatedGroups(apiServices),
    isReady: () => ready,
    apiServer: createApiServer(createCredentials(config, now)),
    pause: createPause(createHoldFollower(holds, now), now),
    mask: createMask((text) => createHmac('sha256', maskKey).update(text).digest('hex')),
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

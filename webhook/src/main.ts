import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createMask, credentialIdExtra, type AccessPolicy, type Grant, type Hold } from '@holdpoint/core';
import {
  closeGracefully,
  createKubeClient,
  createLogger,
  createNamespaces,
  createObjectCache,
  exitOnFatal,
  kinds,
  listen,
  loadKubeConfig,
  ownUsername,
  parseFlags,
  readKey,
  runUntilSignal,
} from '@holdpoint/platform';
import { createGrantDesk } from './grants/grant-desk.ts';
import { stampGrant } from './grants/stamp-grant.ts';
import { createHoldDesk } from './holds/hold-desk.ts';
import { stamp } from './holds/stamp.ts';
import { sweepHolds } from './holds/sweep.ts';
import { validate } from './holds/validate.ts';
import { createWebhookServer } from './http/server.ts';
import { checkPolicy } from './policies/check-policy.ts';
import { createPolicySet } from './policies/policy-set.ts';
import { reconcileRegistration } from './registration/registrar.ts';

/** Often enough that a hold's phase is current to a reader, and a registration that somebody changed is mended soon. */
const housekeepingMs = 10_000;
/** The API server gives a review 10 s; nothing under way lasts longer. */
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
  'log-level': { description: 'debug, info, warn or error', default: 'info' },
});

const logger = createLogger('webhook', flags['log-level']);
const now = (): number => Date.now();
const key = readKey(flags['mask-key-file']);
const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');

const config = loadKubeConfig({ file: flags.kubeconfig });
const kube = createKubeClient(config);
const watchBroke = (error: unknown): void => logger.warn({ err: error }, 'watch broke');
const [policyCache, holdCache, grantCache, namespaces, username] = await Promise.all([
  createObjectCache<AccessPolicy>(config, kinds.accessPolicies, watchBroke),
  createObjectCache<Hold>(config, kinds.holds, watchBroke),
  createObjectCache<Grant>(config, kinds.grants, watchBroke),
  createNamespaces(config, watchBroke),
  ownUsername(config),
]);
const policies = createPolicySet(policyCache, logger);
const parts = {
  policies: () => policies.compiled(),
  namespaceObject: (name: string) => namespaces.get(name),
  grants: createGrantDesk(kube, grantCache, hmac),
  desk: createHoldDesk(kube, holdCache),
  hmac,
  mask: createMask(hmac),
  credentialExtra: flags['credential-extra'],
  now,
};

let registered = false;
const server = createWebhookServer({
  certFile: flags['tls-cert-file'],
  keyFile: flags['tls-private-key-file'],
  reviewers: {
    '/validate': (request) => validate(request, parts),
    '/decide': (request) =>
      request.resource.resource === 'grants' ? stampGrant(request, parts) : stamp(request, parts),
    '/policies': checkPolicy,
  },
  ready: () => registered,
  logger,
});
const port = await listen(server, flags.listen);

const client = {
  url: flags['client-url'],
  caBundle: readFileSync(flags['client-ca-file']).toString('base64'),
};
let rounds = Promise.resolve();
/** One round after the other: two at once would race each other for the same objects. */
const reconcile = (): Promise<void> => {
  rounds = rounds.then(async () => {
    try {
      const { credentialExtra } = parts;
      await reconcileRegistration({ kube, policies, client, ownUsername: username, credentialExtra, logger, now });
      registered = true;
    } catch (error) {
      logger.error({ err: error }, 'registration not reconciled');
    }
  });
  return rounds;
};
policyCache.onChange(() => void reconcile());
const housekeeping = setInterval(() => {
  void reconcile();
  void sweepHolds(kube, holdCache, now(), logger);
}, housekeepingMs);
await reconcile();
logger.info({ port, username }, 'webhook serving');

runUntilSignal(logger, async () => {
  clearInterval(housekeeping);
  await closeGracefully(server, drainMs);
  await Promise.all([policyCache.stop(), holdCache.stop(), grantCache.stop(), namespaces.stop()]);
});

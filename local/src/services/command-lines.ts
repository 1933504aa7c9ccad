import type { KeyFiles, StackFiles } from '../control-plane/files.ts';
import { inRepository } from '../repository.ts';

export type ServiceName = 'webhook' | 'proxy' | 'auditsink';

/** What a service's command line is made of. */
export interface CommandLineInput {
  files: StackFiles;
  keys: KeyFiles;
  /** `127.0.0.1:port` of each. */
  addresses: Readonly<Record<ServiceName, string>>;
  /** Each service's own kubeconfig. */
  kubeconfigs: Readonly<Record<ServiceName, string>>;
  dataDir: string;
  /** How long a webhook serves on after SIGTERM: `0s` where nobody balances. */
  drainDelay: string;
  /** The same of a proxy. */
  proxyDrainDelay: string;
}

/**
 * Flags of Node itself. Garbage of webhook and proxy is short-lived (a review, an answer): a small young generation is emptied more
 * often, and does not grow to some 70 MiB that nothing is in. Of the proxy's most lies in buffers outside of V8's heap, which fill no
 * generation, and at some time have V8 look through all of its heap instead. See docs/performance.md.
 */
const nodeFlags: Readonly<Record<ServiceName, readonly string[]>> = {
  webhook: ['--max-semi-space-size=4'],
  proxy: ['--max-semi-space-size=4'],
  // Its lock is SQLite's, which Node counts as experimental, and says so between two lines of JSON.
  auditsink: ['--disable-warning=ExperimentalWarning'],
};

/** Where each says that it can be used. The audit sink takes events before its store is open; here it is also asked. */
export const readyPaths: Readonly<Record<ServiceName, string>> = {
  webhook: '/readyz',
  proxy: '/readyz',
  auditsink: '/readyz/query',
};

/**
 * Exactly as an admin would start it: services know nothing of the local stack.
 *
 * @param listen where this replica listens, when others reach the service at another address. @default that address
 */
export function commandLineOf(
  name: ServiceName,
  input: CommandLineInput,
  listen: string = input.addresses[name],
): string[] {
  const { files, keys, addresses } = input;
  const flags: Record<ServiceName, Record<string, string>> = {
    webhook: {
      kubeconfig: input.kubeconfigs.webhook,
      'client-url': `https://${addresses.webhook}`,
      'client-ca-file': files.ca,
      'mask-key-file': files.maskKey,
      'drain-delay': input.drainDelay,
    },
    proxy: {
      kubeconfig: input.kubeconfigs.proxy,
      'authentication-config': files.authenticationConfig,
      'mask-key-file': files.maskKey,
      'recordings-url': `https://${addresses.auditsink}/recordings`,
      'transcripts-url': `https://${addresses.auditsink}/transcripts`,
      'recordings-ca-file': files.ca,
      'recordings-token-file': files.intakeToken,
      'drain-delay': input.proxyDrainDelay,
    },
    auditsink: {
      kubeconfig: input.kubeconfigs.auditsink,
      'apiserver-metrics': 'kubernetes',
      'completeness-every': '5s',
      // The API server's batches wait a second here, and are tried again after three: see api-server.ts.
      'completeness-settle': '30s',
      'data-dir': input.dataDir,
      // Nobody balances it.
      'drain-delay': '0s',
      'mask-key-file': files.maskKey,
      'intake-token-file': files.intakeToken,
      'query-token-file': files.queryToken,
    },
  };
  const all = {
    listen,
    'tls-cert-file': keys.cert,
    'tls-private-key-file': keys.key,
    ...flags[name],
  };
  return [
    ...nodeFlags[name],
    inRepository(name, 'src', 'main.ts'),
    ...Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value]),
  ];
}

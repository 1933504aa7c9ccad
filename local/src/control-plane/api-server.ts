import { join } from 'node:path';
import type { Leash } from '../process/leash.ts';
import { supervise, type Supervised } from '../process/supervised.ts';
import { inRepository } from '../repository.ts';
import type { StackFiles } from './files.ts';

export interface ApiServer {
  child: Supervised;
  url: string;
}

/** Starts kube-apiserver on loopback, with RBAC, OIDC, and full audit to our sink. Ready when `/readyz` says so. */
export async function startApiServer(
  input: {
    binary: string;
    folder: string;
    port: number;
    etcdUrl: string;
    files: StackFiles;
    /** Added to its command line, or instead of ours. */
    flags: Readonly<Record<string, string>>;
  },
  leash: Leash,
): Promise<ApiServer> {
  const { files, folder } = input;
  const url = `https://127.0.0.1:${String(input.port)}`;
  const flags: Record<string, string> = {
    'etcd-servers': input.etcdUrl,
    'secure-port': String(input.port),
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    // A loopback address is refused as the endpoint of the `kubernetes` service.
    'endpoint-reconciler-type': 'none',
    'service-cluster-ip-range': '10.0.0.0/24',
    'cert-dir': join(folder, 'api-server'),
    'tls-cert-file': files.apiServer.cert,
    'tls-private-key-file': files.apiServer.key,
    'client-ca-file': files.ca,
    'authorization-mode': 'RBAC',
    'authentication-config': files.apiServerAuthenticationConfig,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': files.serviceAccount.publicKey,
    'service-account-signing-key-file': files.serviceAccount.key,
    'kubelet-preferred-address-types': 'InternalIP',
    'audit-policy-file': inRepository('deploy', 'apiserver', 'audit-policy.yaml'),
    'audit-webhook-config-file': files.auditWebhookConfig,
    'audit-webhook-batch-max-wait': '1s',
    // The default waits ten seconds before it tries again: too long for somebody who watches. Of this, all five tries together
    // last 24 s: as long as a sink may take to come back on a machine that does other things.
    'audit-webhook-initial-backoff': '3s',
    ...input.flags,
  };
  const child = await supervise(
    {
      name: 'kube-apiserver',
      command: input.binary,
      args: Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      logFile: join(folder, 'logs', 'kube-apiserver.log'),
      disposable: true,
      probe: { url: `${url}/readyz`, ca: files.caPem, timeoutMs: 90_000 },
    },
    leash,
  );
  return { child, url };
}

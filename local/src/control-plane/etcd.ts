import { join } from 'node:path';
import type { Leash } from '../process/leash.ts';
import { supervise, type Supervised } from '../process/supervised.ts';

export interface Etcd {
  child: Supervised;
  url: string;
}

/** Starts etcd on loopback. It does not fsync: this cluster's life is shorter than the machine's. */
export async function startEtcd(
  input: { binary: string; folder: string; clientPort: number; peerPort: number },
  leash: Leash,
): Promise<Etcd> {
  const url = `http://127.0.0.1:${String(input.clientPort)}`;
  const peerUrl = `http://127.0.0.1:${String(input.peerPort)}`;
  const child = await supervise(
    {
      name: 'etcd',
      command: input.binary,
      args: [
        '--data-dir',
        join(input.folder, 'etcd'),
        '--unsafe-no-fsync',
        '--listen-client-urls',
        url,
        '--advertise-client-urls',
        url,
        '--listen-peer-urls',
        peerUrl,
        '--initial-advertise-peer-urls',
        peerUrl,
        '--initial-cluster',
        `default=${peerUrl}`,
        '--log-level',
        'warn',
      ],
      logFile: join(input.folder, 'logs', 'etcd.log'),
      disposable: true,
      probe: { url: `${url}/health`, timeoutMs: 30_000 },
    },
    leash,
  );
  return { child, url };
}

import { join } from 'node:path';
import { startChild, type Child } from '../process/child.ts';
import type { Leash } from '../process/leash.ts';
import { untilReady } from '../process/ready.ts';

export interface Etcd {
  child: Child;
  url: string;
}

/** Starts etcd on loopback. It does not fsync: this cluster's life is shorter than the machine's. */
export async function startEtcd(
  input: { binary: string; folder: string; clientPort: number; peerPort: number },
  leash: Leash,
): Promise<Etcd> {
  const url = `http://127.0.0.1:${String(input.clientPort)}`;
  const peerUrl = `http://127.0.0.1:${String(input.peerPort)}`;
  const child = startChild(
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
    },
    leash,
  );
  await untilReady(child, { url: `${url}/health`, timeoutMs: 30_000 });
  return { child, url };
}

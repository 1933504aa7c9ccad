import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Leash } from '../process/leash.ts';
import { supervise, type Supervised } from '../process/supervised.ts';
import type { StackFiles } from './files.ts';
import { kwokConfiguration } from './kwok-configuration.ts';

/** Starts kwok, which plays the kubelet: pods become Running, `exec` really runs the command, in an empty folder. */
export async function startKwok(
  input: { binary: string; folder: string; port: number; kubeconfig: string; files: StackFiles },
  leash: Leash,
): Promise<Supervised> {
  const workDir = join(input.folder, 'pods');
  const logs = join(input.folder, 'pod-logs');
  const config = join(input.folder, 'kwok.yaml');
  mkdirSync(workDir, { recursive: true });
  mkdirSync(logs, { recursive: true });
  const podLog = join(logs, 'pod.log');
  writeFileSync(podLog, kubeletLog(['shop is starting', 'shop listens on :8080']));
  writeFileSync(config, kwokConfiguration({ workDir, podLog }));
  return await supervise(
    {
      name: 'kwok',
      command: input.binary,
      args: [
        '--kubeconfig',
        input.kubeconfig,
        '--manage-all-nodes',
        '--node-ip',
        '127.0.0.1',
        '--node-port',
        String(input.port),
        '--server-address',
        `127.0.0.1:${String(input.port)}`,
        '--tls-cert-file',
        input.files.kubelet.cert,
        '--tls-private-key-file',
        input.files.kubelet.key,
        '--config',
        config,
      ],
      logFile: join(input.folder, 'logs', 'kwok.log'),
      disposable: true,
      probe: {
        url: `https://127.0.0.1:${String(input.port)}/healthz`,
        ca: input.files.caPem,
        timeoutMs: 30_000,
      },
    },
    leash,
  );
}

/** Log lines in the container runtime's format (CRI), from which a kubelet serves them. */
function kubeletLog(lines: readonly string[]): string {
  return lines.map((line, i) => `2026-01-01T00:00:0${String(i)}.000000000Z stdout F ${line}\n`).join('');
}

import { join } from 'node:path';
import type { Leash } from '../process/leash.ts';
import { supervise, type Supervised } from '../process/supervised.ts';
import type { StackFiles } from './files.ts';

/** Starts kube-controller-manager: deployments get their pods, and aggregated roles their rules. Serves nothing. */
export function startControllerManager(
  input: { binary: string; folder: string; kubeconfig: string; files: StackFiles },
  leash: Leash,
): Promise<Supervised> {
  return supervise(
    {
      name: 'kube-controller-manager',
      command: input.binary,
      args: [
        `--kubeconfig=${input.kubeconfig}`,
        `--authentication-kubeconfig=${input.kubeconfig}`,
        `--authorization-kubeconfig=${input.kubeconfig}`,
        `--service-account-private-key-file=${input.files.serviceAccount.key}`,
        `--root-ca-file=${input.files.ca}`,
        '--use-service-account-credentials=true',
        '--leader-elect=false',
        // It asks for an account and a token for each of forty controllers; at the default 20 a second that takes 4 s.
        '--kube-api-qps=500',
        '--kube-api-burst=500',
        '--secure-port=0',
      ],
      logFile: join(input.folder, 'logs', 'kube-controller-manager.log'),
      disposable: true,
    },
    leash,
  );
}

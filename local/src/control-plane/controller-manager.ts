import { join } from 'node:path';
import { startChild, type Child } from '../process/child.ts';
import type { Leash } from '../process/leash.ts';
import type { StackFiles } from './files.ts';

/** Starts kube-controller-manager: deployments get their pods, and aggregated roles their rules. Serves nothing. */
export function startControllerManager(
  input: { binary: string; folder: string; kubeconfig: string; files: StackFiles },
  leash: Leash,
): Child {
  return startChild(
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
        '--secure-port=0',
      ],
      logFile: join(input.folder, 'logs', 'kube-controller-manager.log'),
    },
    leash,
  );
}

import { existsSync } from 'node:fs';
import { loadKubeConfig, type KubeConfig } from '@holdpoint/platform';

const podTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * The sink's own credentials: a kubeconfig, else the pod's service account, else none. Never those of whoever happens to have
 * started it: a kubeconfig in the home folder is somebody's, and perhaps of another cluster.
 */
export function ownCredentials(kubeconfig: string): KubeConfig | undefined {
  if (kubeconfig !== '') return loadKubeConfig({ file: kubeconfig });
  return existsSync(podTokenFile) ? loadKubeConfig() : undefined;
}

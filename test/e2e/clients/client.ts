import { inRepository, type RunningCommand, type Stack, type User } from '@holdpoint/local';

export type ClientName = 'kubectl' | 'helm' | 'Python client' | 'client-node';

/** What somebody who ran a command has before them. */
export interface Shown {
  code: number;
  stdout: string;
  stderr: string;
}

/** One thing that every client can do: create the ConfigMap `name` in `namespace`, as somebody would who knows only the client. */
export type Create = (stack: Stack, user: User, namespace: string, name: string) => RunningCommand;

const here = (...path: string[]): string => inRepository('test', 'e2e', 'clients', ...path);

export const chart = here('chart');
export const secondPolicy = here('policy.yaml');
export const requirements = here('requirements.txt');

export const createByKubectl: Create = (stack, user, namespace, name) =>
  stack.kubectlStart(user, ['create', 'configmap', name, '-n', namespace]);

/** A release, whose chart has the ConfigMap and a Deployment. */
export const createByHelm: Create = (stack, user, namespace, name) =>
  stack.start('helm', user, ['upgrade', '--install', name, chart, '-n', namespace], { timeoutMs: 300_000 });

export const createByClientNode: Create = (stack, user, namespace, name) =>
  stack.start(process.execPath, user, [here('programs', 'create-config-map.ts'), namespace, name]);

/** @param python with the Python client's packages beside it */
export function createByPython(python: { executable: string; packages: string }): Create {
  const env = { PYTHONPATH: python.packages };
  return (stack, user, namespace, name) =>
    stack.start(python.executable, user, [here('programs', 'create-config-map.py'), namespace, name], { env });
}

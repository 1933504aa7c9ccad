import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigOf, type Credential } from '../kubeconfig.ts';
import type { Stack } from '../stack.ts';
import { users, type User } from '../users.ts';

const copies = ['ca.crt', 'admin.crt', 'admin.key', 'intake.token', 'query.token'] as const;
const endpointsFile = 'endpoints.json';
const partialFile = `${endpointsFile}.partial`;
/** In this order written; endpoints.json is the first to be removed again. */
const publishedFiles = [...copies, ...users.map((user) => `${user}.kubeconfig`), partialFile, endpointsFile];

/**
 * Writes what another terminal, or another program, needs to use the stack: a kubeconfig for each user, and endpoints.json,
 * written last, under its name only when it is whole. It is written again whenever a service gets a new process id. All of it
 * is removed with the stack, and the folder too if nothing else is in it.
 */
export function publish(stack: Stack, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // What a killed stack of long ago left behind must not pass for this one while it is being written.
  rmSync(join(folder, endpointsFile), { force: true });
  stack.own(folder);
  for (const name of publishedFiles) stack.own(join(folder, name));
  for (const name of copies) copyFileSync(join(stack.dir, 'pki', name), join(folder, name));
  for (const user of users) {
    writeFileSync(join(folder, `${user}.kubeconfig`), publishedKubeconfig(stack, user), { mode: 0o600 });
  }
  const write = (): void => {
    const partial = join(folder, partialFile);
    writeFileSync(partial, `${JSON.stringify(endpointsOf(stack, folder), undefined, 2)}\n`, { mode: 0o600 });
    renameSync(partial, join(folder, endpointsFile));
  };
  const services = (['webhook', 'proxy', 'auditsink'] as const).map((name) => stack.service(name));
  for (const each of [...stack.controlPlane, ...services]) each.onRestart(write);
  write();
}

/** The stack's kubeconfig with the paths of the copies, so that the folder stands for itself. */
function publishedKubeconfig(stack: Stack, user: User): string {
  const own = JSON.parse(readFileSync(stack.kubeconfig(user), 'utf8')) as {
    clusters: { cluster: { server: string } }[];
    users: { user: { token?: string } }[];
  };
  const token = own.users[0]?.user.token;
  const credential: Credential =
    token === undefined ? { type: 'ClientCertificate', cert: 'admin.crt', key: 'admin.key' } : { type: 'Token', token };
  return kubeconfigOf({ server: own.clusters[0]?.cluster.server ?? '', ca: 'ca.crt', name: user, credential });
}

function endpointsOf(stack: Stack, folder: string): object {
  const caFile = join(folder, 'ca.crt');
  const service = (name: 'webhook' | 'proxy' | 'auditsink') => stack.service(name);
  const sink = service('auditsink');
  return {
    apiserver: { url: stack.urls.apiServer, caFile, kubeconfig: join(folder, 'admin.kubeconfig') },
    proxy: { url: service('proxy').url, caFile, kubeconfig: join(folder, 'agent.kubeconfig') },
    webhook: { url: service('webhook').url, caFile },
    auditIntake: { url: `${sink.url}/audit`, caFile, tokenFile: join(folder, 'intake.token') },
    sql: { url: `${sink.url}/query`, caFile, tokenFile: join(folder, 'query.token') },
    issuer: {
      url: stack.urls.issuer,
      caFile,
      tokenEndpoint: `${stack.urls.issuer}/token`,
      clients: stack.issuer.clients,
    },
    pids: {
      ...Object.fromEntries(stack.controlPlane.map((child) => [child.name, child.pid])),
      ...Object.fromEntries((['webhook', 'proxy', 'auditsink'] as const).map((name) => [name, service(name).pid])),
    },
    dir: stack.dir,
  };
}

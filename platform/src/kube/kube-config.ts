import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { isJsonObject } from '@holdpoint/core';
import { parseYaml } from '../yaml.ts';

/** Where the credentials come from: a file, else in the cluster, else kubectl's own defaults. */
export function loadKubeConfig(options: { file?: string; context?: string } = {}): KubeConfig {
  const config = new KubeConfig();
  const { file } = options;
  if (file !== undefined && file !== '') {
    config.loadFromFile(file);
    config.users = config.users.map((user) => withTokenFile(user, file));
  } else {
    config.loadFromDefault();
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

/**
 * The library passes over kubectl's `tokenFile`, and would go on as nobody; it does read such a file anew for what it
 * calls an auth provider of that name.
 */
function withTokenFile(user: User, kubeconfigFile: string): User {
  const tokenFile = tokenFileOf(parseYaml(readFileSync(kubeconfigFile, 'utf8')), user.name);
  if (tokenFile === undefined) return user;
  const path = resolve(dirname(kubeconfigFile), tokenFile);
  return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: path } } };
}

function tokenFileOf(kubeconfig: unknown, userName: string): string | undefined {
  if (!isJsonObject(kubeconfig) || !Array.isArray(kubeconfig['users'])) return undefined;
  for (const entry of kubeconfig['users']) {
    if (!isJsonObject(entry) || entry['name'] !== userName || !isJsonObject(entry['user'])) continue;
    const { tokenFile } = entry['user'];
    return typeof tokenFile === 'string' ? tokenFile : undefined;
  }
  return undefined;
}

import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/**
 * The token by which the kubeconfig's current user would sign in: static, from a file, or from its exec plugin. Undefined
 * for a user who signs in otherwise (a client certificate, a password).
 */
export async function bearerTokenOf(config: KubeConfig): Promise<string | undefined> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers = Object.entries(options.headers as Record<string, unknown>);
  const [, authorization] = headers.find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return /^Bearer (\S+)\s*$/.exec(String(authorization))?.[1];
}

import { readFileSync, writeFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { toYaml } from '@holdpoint/platform';
import type { CommandContext } from './context.ts';

export interface KubeconfigOptions {
  server: string;
  certificateAuthority: string;
  tokenFile?: string;
  tokenStdin?: boolean;
  execCommand?: string[];
  name: string;
  output?: string;
}

/**
 * Writes an agent's kubeconfig for the proxy, the authority's certificate within it. A file is for its owner alone.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag
 */
export function writeAgentKubeconfig(
  context: CommandContext,
  options: KubeconfigOptions,
  readStdin: () => string,
): void {
  const { server, certificateAuthority, name, output } = options;
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--server ${server}: expected the proxy's https:// URL`);
  }
  const ca = readText(certificateAuthority, '--certificate-authority');
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      `--certificate-authority ${certificateAuthority}: no PEM certificate`,
    );
  }
  const text = toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: userOf(options, readStdin) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
  if (output === undefined) context.write(text);
  else writeFileSync(output, text, { mode: 0o600 });
}

function userOf({ tokenFile, tokenStdin, execCommand }: KubeconfigOptions, readStdin: () => string): object {
  const given = [tokenFile !== undefined, tokenStdin === true, execCommand !== undefined].filter(Boolean).length;
  if (given !== 1) {
    const message = 'give one of --token-file, --token-stdin and --exec-command';
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  if (execCommand !== undefined) {
    const [command, ...args] = execCommand;
    const apiVersion = 'client.authentication.k8s.io/v1';
    return { exec: { apiVersion, command, args, interactiveMode: 'IfAvailable' } };
  }
  const token = (tokenFile === undefined ? readStdin() : readText(tokenFile, '--token-file')).trim();
  if (token === '' || /\s/.test(token))
    throw new HoldpointError('ERR_CONFIG_INVALID', 'the token is empty, or not one word');
  return { token };
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${flag} ${file}: ${messageOf(cause)}`, { cause });
  }
}

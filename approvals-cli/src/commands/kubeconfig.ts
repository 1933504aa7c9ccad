import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { HoldpointError, messageOf, type JsonObject } from '@holdpoint/core';
import { toYaml } from '@holdpoint/platform';
import { kubeconfigOf, mergeEntries, type KubeconfigEntries } from '../kubeconfig/entries.ts';
import { changeKubeconfig } from '../kubeconfig/kubeconfig-file.ts';
import { execApiVersions } from '../login/exec-credential.ts';
import { loginWords } from '../login/login-words.ts';
import { parseLoginSettings, requireIssuer } from '../login/login-settings.ts';
import { readCaFile } from '../login/read-ca-file.ts';
import type { LoginContext } from './context.ts';

/** Of `approvals kubeconfig`. */
export interface KubeconfigFlags {
  server: string;
  certificateAuthority: string;
  issuer?: string;
  clientId?: string;
  scopes: string;
  audience?: string;
  caFile?: string;
  device: boolean;
  allowInsecureIssuer: boolean;
  tokenFile?: string;
  tokenEnv?: string;
  tokenStdin: boolean;
  execCommand?: string[];
  name: string;
  namespace?: string;
  output?: string;
  replace: boolean;
  use: boolean;
}

/**
 * A kubeconfig for the proxy, its authority's certificate within it: printed, or added to a file that other entries may be in.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag or the file
 */
export async function writeKubeconfig(
  context: LoginContext,
  flags: KubeconfigFlags,
  readStdin: () => string,
): Promise<void> {
  const entries: KubeconfigEntries = {
    name: flags.name,
    cluster: clusterOf(flags),
    user: userOf(flags, context.program, readStdin),
    namespace: flags.namespace,
  };
  const { output } = flags;
  if (output === undefined) {
    context.write(toYaml(kubeconfigOf(entries)));
    return;
  }
  let current: unknown;
  await changeKubeconfig(output, (before) => {
    const after = before === undefined ? kubeconfigOf(entries) : mergeEntries(before, entries, flags);
    current = after['current-context'];
    return after;
  });
  if (current !== flags.name)
    context.warn(`Added. Its context is not the current one: kubectl --context ${flags.name}`);
}

function clusterOf({ server, certificateAuthority }: KubeconfigFlags): JsonObject {
  if (!URL.canParse(server) || new URL(server).protocol !== 'https:') {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--server ${server}: expected the proxy's https:// URL`);
  }
  const ca = readText(certificateAuthority, '--certificate-authority');
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    const message = `--certificate-authority ${certificateAuthority}: no PEM certificate`;
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  return { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
}

function userOf(flags: KubeconfigFlags, program: string, readStdin: () => string): JsonObject {
  const { issuer, tokenFile, tokenEnv, tokenStdin, execCommand } = flags;
  const given = [issuer, tokenFile, tokenEnv, execCommand].filter((each) => each !== undefined).length;
  if (given + Number(tokenStdin) !== 1) {
    const message = 'give one of --issuer, --token-file, --token-env, --token-stdin and --exec-command';
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  // `kubectl approvals` are two words. Not every client says that it runs a plugin: so the command line does.
  const ours = (words: string[]): JsonObject => pluginOf([...program.split(' '), ...words, '--exec-credential']);
  if (issuer !== undefined) return { exec: ours(loginOf(flags)) };
  if (tokenEnv !== undefined) return { exec: ours(['login', '--token-env', checkVariable(tokenEnv)]) };
  if (execCommand !== undefined) return { exec: pluginOf(execCommand) };
  // Read anew by client-go at least every minute: whoever writes the file may renew it.
  if (tokenFile !== undefined) {
    checkToken(readText(tokenFile, '--token-file'));
    return { tokenFile: resolve(tokenFile) };
  }
  return { token: checkToken(readStdin()) };
}

function loginOf(flags: KubeconfigFlags): string[] {
  const login = { ...flags, ...requireIssuer(flags) };
  parseLoginSettings(login);
  readCaFile(flags.caFile);
  return loginWords(login);
}

/** Source: client.authentication.k8s.io/v1. `IfAvailable`: a pipeline has nobody to log in, and is told so. */
function pluginOf([command = '', ...args]: string[]): JsonObject {
  return { apiVersion: execApiVersions[0], command, args, interactiveMode: 'IfAvailable' };
}

function checkVariable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new HoldpointError('ERR_CONFIG_INVALID', '--token-env: expected the name of a variable, not a token');
}

/** Throws without the text: it may be a token after all. */
function checkToken(text: string): string {
  const token = text.trim();
  if (token !== '' && !/\s/.test(token)) return token;
  throw new HoldpointError('ERR_CONFIG_INVALID', 'the token is empty, or not one word');
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${flag} ${file}: ${messageOf(cause)}`, { cause });
  }
}

import { HoldpointError, isJsonObject, messageOf } from '@holdpoint/core';
import { usableUntil } from './credential.ts';

/** What kubectl tells a credential plugin of itself. */
export interface ExecInfo {
  apiVersion: string;
  /** Is there somebody at the terminal? */
  interactive: boolean;
}

/** The same in both, as far as it goes. Source: client.authentication.k8s.io. */
export const execApiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

/**
 * Reads `KUBERNETES_EXEC_INFO`; undefined when nobody runs us as a plugin.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming what is wrong with it
 */
export function parseExecInfo(text: string | undefined): ExecInfo | undefined {
  if (text === undefined || text === '') return undefined;
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `KUBERNETES_EXEC_INFO: ${messageOf(cause)}`, { cause });
  }
  const apiVersion = isJsonObject(info) ? info['apiVersion'] : undefined;
  const known = execApiVersions.find((each) => each === apiVersion);
  if (!isJsonObject(info) || known === undefined) {
    const message = `KUBERNETES_EXEC_INFO: apiVersion ${String(apiVersion)}; expected ${execApiVersions.join(' or ')}`;
    throw new HoldpointError('ERR_CONFIG_INVALID', message);
  }
  const { spec } = info;
  return { apiVersion: known, interactive: isJsonObject(spec) && spec['interactive'] === true };
}

/**
 * What a plugin prints: one line of JSON.
 *
 * @param expiresAt milliseconds since 1970; without one, the token is asked for once a process
 */
export function toExecCredential(apiVersion: string, token: string, expiresAt: number | undefined): string {
  const end =
    expiresAt === undefined
      ? {}
      : { expirationTimestamp: `${new Date(usableUntil(expiresAt)).toISOString().slice(0, 19)}Z` };
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token, ...end } });
}

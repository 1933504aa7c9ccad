import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { createSqlClient, type SqlClient } from '../audit/sql-client.ts';
import type { AuditorContext } from './context.ts';

/** How the audit sink is reached, from flags or the environment. */
export interface AuditorOptions {
  sqlUrl?: string;
  sqlTokenFile?: string;
  sqlCaFile?: string;
}

/**
 * The query endpoint, with the token of the file, else that of the kubeconfig's current user: the sink asks the API server
 * whose it is.
 *
 * @throws HoldpointError ERR_CONFIG_INVALID naming the flag and the variable that is missing or wrong
 */
export function auditorSql(options: AuditorOptions, context: Pick<AuditorContext, 'bearerToken'>): SqlClient {
  const { sqlUrl = '', sqlTokenFile = '', sqlCaFile = '' } = options;
  if (sqlUrl === '') {
    throw new HoldpointError('ERR_CONFIG_INVALID', 'the audit sink is not known: set --sql-url or HOLDPOINT_SQL_URL');
  }
  if (!URL.canParse(sqlUrl) || new URL(sqlUrl).protocol !== 'https:') {
    // A token goes to it.
    throw new HoldpointError('ERR_CONFIG_INVALID', `--sql-url ${sqlUrl}: expected the query endpoint's https:// URL`);
  }
  return createSqlClient({
    url: sqlUrl,
    token: () =>
      sqlTokenFile === ''
        ? kubernetesToken(context)
        : Promise.resolve(readText(sqlTokenFile, '--sql-token-file').trim()),
    ca: sqlCaFile === '' ? undefined : readText(sqlCaFile, '--sql-ca-file'),
  });
}

async function kubernetesToken({ bearerToken }: Pick<AuditorContext, 'bearerToken'>): Promise<string> {
  const token = await bearerToken();
  if (token !== undefined) return token;
  throw new HoldpointError(
    'ERR_CONFIG_INVALID',
    "the kubeconfig's current user has no token, which is what the audit sink asks for: set --sql-token-file or HOLDPOINT_SQL_TOKEN_FILE",
  );
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `${flag} ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** What the webhook's verdict on a request can be. */
export const decisions = ['allow', 'approved', 'hold', 'deny', 'would-hold'] as const;

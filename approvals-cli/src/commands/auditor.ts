import { HoldpointError } from '@holdpoint/core';
import { createSqlClient, type SqlClient } from '../audit/sql-client.ts';

/** How the audit sink is reached, from flags or the environment. */
export interface AuditorOptions {
  sqlUrl?: string;
  sqlTokenFile?: string;
  sqlCaFile?: string;
}

/** Throws ERR_CONFIG_INVALID naming the flag and the variable that is missing. */
export function auditorSql(options: AuditorOptions): SqlClient {
  const need = (value: string | undefined, flag: string, variable: string): string => {
    if (value === undefined || value === '') {
      throw new HoldpointError('ERR_CONFIG_INVALID', `the audit sink is not known: set ${flag} or ${variable}`);
    }
    return value;
  };
  return createSqlClient({
    url: need(options.sqlUrl, '--sql-url', 'HOLDPOINT_SQL_URL'),
    tokenFile: need(options.sqlTokenFile, '--sql-token-file', 'HOLDPOINT_SQL_TOKEN_FILE'),
    caFile: options.sqlCaFile,
  });
}

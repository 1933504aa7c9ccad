import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf } from '@holdpoint/core';
import { parseParams, runSql, type RunSqlOptions } from '../audit/run-sql.ts';
import { auditorSql, type AuditorOptions } from './auditor.ts';
import type { AuditorContext } from './context.ts';

export interface SqlFlags extends AuditorOptions, Pick<RunSqlOptions, 'output' | 'format'> {
  file?: string;
  param?: string[];
}

/** One statement: the argument, a file's, or standard input's. */
export async function sql(context: AuditorContext, argument: string | undefined, flags: SqlFlags): Promise<void> {
  const { output, format, param = [] } = flags;
  const options = {
    params: parseParams(param),
    ...(output === undefined ? {} : { output }),
    ...(format === undefined ? {} : { format }),
  };
  const { writeAll: write, isTerminal } = context;
  await runSql(statementOf(context, argument, flags), options, { sql: auditorSql(flags, context), write, isTerminal });
}

function statementOf(context: AuditorContext, argument: string | undefined, { file }: SqlFlags): string {
  if (argument !== undefined && argument !== '-') {
    if (file === undefined) return argument;
    throw new HoldpointError('ERR_CONFIG_INVALID', 'give the statement as an argument or by --file, not both');
  }
  if (file === undefined || file === '-') return context.readStdin();
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HoldpointError('ERR_CONFIG_INVALID', `--file ${file}: ${messageOf(cause)}`, { cause });
  }
}

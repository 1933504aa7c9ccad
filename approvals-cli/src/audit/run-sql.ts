import { HoldpointError } from '@holdpoint/core';
import { toPrintable } from '../output/table.ts';
import type { SqlClient, SqlParams } from './sql-client.ts';

export const sqlFormats = ['table', 'csv', 'json', 'jsonl', 'tsv'] as const;

const clickHouseFormats: Readonly<Record<(typeof sqlFormats)[number], string>> = {
  table: 'PrettyCompactMonoBlock',
  csv: 'CSVWithNames',
  json: 'JSON',
  jsonl: 'JSONEachRow',
  tsv: 'TabSeparated',
};

export interface RunSqlOptions {
  /** One of ours, or ClickHouse's name of any other. Without either: a table for a terminal, TSV for a pipe. */
  output?: (typeof sqlFormats)[number];
  format?: string;
  params: SqlParams;
}

export interface RunSqlParts {
  sql: SqlClient;
  /** Resolves when there is room for more. */
  write: (text: string) => Promise<void>;
  /** True when a terminal reads it. */
  isTerminal: boolean;
}

/** Runs one statement and prints its answer as it comes. */
export async function runSql(statement: string, options: RunSqlOptions, parts: RunSqlParts): Promise<void> {
  const { output, format, params } = options;
  const { sql, write, isTerminal } = parts;
  if (statement.trim() === '') {
    throw new HoldpointError(
      'ERR_CONFIG_INVALID',
      'there is no statement: give it as an argument, by --file, or on standard input',
    );
  }
  if (output !== undefined && format !== undefined) {
    throw new HoldpointError('ERR_CONFIG_INVALID', '--output and --format: give one of them');
  }
  const ours = output ?? (isTerminal ? 'table' : 'tsv');
  // Whatever the format: what an agent wrote stands in the cells, and a terminal would obey it. A pipe gets the bytes.
  const isShown = isTerminal || (format === undefined && ours === 'table');
  for await (const part of sql.stream(statement, format ?? clickHouseFormats[ours], params)) {
    await write(isShown ? part.split('\n').map(toPrintable).join('\n') : part);
  }
}

/** @throws HoldpointError ERR_CONFIG_INVALID naming the parameter */
export function parseParams(given: readonly string[]): SqlParams {
  const params: Record<string, string> = {};
  for (const each of given) {
    const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(each) ?? [];
    if (name === undefined || value === undefined) {
      throw new HoldpointError('ERR_CONFIG_INVALID', `--param ${each}: expected name=value`);
    }
    if (Object.hasOwn(params, name)) throw new HoldpointError('ERR_CONFIG_INVALID', `--param ${name}: given twice`);
    params[name] = value;
  }
  return params;
}

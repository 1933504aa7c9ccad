import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { HoldpointError, messageOf } from '@holdpoint/core';

/** How the audit sink's query endpoint is reached. */
export interface SqlEndpoint {
  url: string;
  tokenFile: string;
  /** PEM; without it, the system's authorities. */
  caFile: string | undefined;
}

export interface SqlClient {
  /**
   * Runs one read-only statement and resolves with the answer's text.
   *
   * @throws HoldpointError ERR_STORE_UNAVAILABLE when the endpoint cannot be reached, ERR_QUERY_REFUSED with the
   *   endpoint's own words when it does not answer the statement
   */
  text(statement: string, format: string): Promise<string>;
  rows<Row>(statement: string): Promise<Row[]>;
}

const timeoutMs = 60_000;

export function createSqlClient(endpoint: SqlEndpoint): SqlClient {
  const text = (statement: string, format: string): Promise<string> => post(endpoint, statement, format);
  return {
    text,
    async rows<Row>(statement: string) {
      const lines = (await text(statement, 'JSONEachRow')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Row);
    },
  };
}

function post({ url, tokenFile, caFile }: SqlEndpoint, statement: string, format: string): Promise<string> {
  const token = readFileSync(tokenFile, 'utf8').trim();
  const target = new URL(url);
  target.searchParams.set('default_format', format);
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' };
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
    const sent = request(target, { method: 'POST', headers, timeout: timeoutMs, agent: false, ...ca }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(body);
        else
          reject(
            new HoldpointError(
              'ERR_QUERY_REFUSED',
              body.trim() || `the endpoint answered ${String(answer.statusCode)}`,
            ),
          );
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${String(timeoutMs / 1_000)} s`)));
    sent.on('error', (cause) =>
      reject(new HoldpointError('ERR_STORE_UNAVAILABLE', `${target.origin}: ${messageOf(cause)}`, { cause })),
    );
    sent.end(statement);
  });
}

/** A ClickHouse string literal. */
export function quoteSql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

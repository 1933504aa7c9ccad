import { readFileSync } from 'node:fs';
import express, { type Express, type Request, type Response } from 'express';
import { checkStatement, messageOf } from '@holdpoint/core';
import type { ClickHouseReader, Logger } from '@holdpoint/platform';
import { isSameSecret } from '../secret.ts';

export interface QueryParts {
  /** Undefined while the store is being opened. */
  reader: () => ClickHouseReader | undefined;
  tokenFile: string;
  logger: Logger;
}

const maxStatementBytes = '256kb';

/**
 * `/query`: the part of ClickHouse's HTTP interface that reads. The statement stands in `?query=` or the body, the format in
 * the statement or `default_format`; the token comes as ClickHouse clients send a password, or as a bearer token.
 */
export function createQueryApp({ reader, tokenFile, logger }: QueryParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.text({ type: () => true, limit: maxStatementBytes }));
  app.all('/query', async (request: Request, response: Response) => {
    if (!isSameSecret(tokenOf(request), readFileSync(tokenFile, 'utf8').trim())) {
      response.status(401).type('text/plain').send('ERR_TOKEN_INVALID: this endpoint needs the query token\n');
      return;
    }
    const statement = `${textOf(request.query['query'])}${typeof request.body === 'string' ? request.body : ''}`;
    const verdict = checkStatement(statement);
    if (!verdict.allowed) {
      response.status(403).type('text/plain').send(`ERR_QUERY_REFUSED: ${verdict.reason}\n`);
      return;
    }
    const store = reader();
    if (store === undefined) {
      response.status(503).type('text/plain').send('ERR_STORE_UNAVAILABLE: the store is being opened\n');
      return;
    }
    try {
      const format = textOf(request.query['default_format']) || request.get('x-clickhouse-format') || 'TabSeparated';
      if (!/^\w+$/.test(format)) throw new Error('default_format: expected the name of a format');
      const parts: Buffer[] = [];
      for await (const part of store.stream(statement.trim().replace(/;+$/, ''), { format, params: paramsOf(request) }))
        parts.push(part);
      response.status(200).type('text/plain').send(Buffer.concat(parts));
    } catch (error) {
      logger.warn({ err: error }, 'query failed');
      response
        .status(400)
        .type('text/plain')
        .send(`${messageOf(error)}\n`);
    }
  });
  return app;
}

function tokenOf(request: Request): string {
  const authorization = request.get('authorization') ?? '';
  const bearer = /^Bearer (.+)$/.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic (.+)$/.exec(authorization)?.[1];
  if (basic !== undefined) {
    const pair = Buffer.from(basic, 'base64').toString('utf8');
    return pair.slice(pair.indexOf(':') + 1);
  }
  return request.get('x-clickhouse-key') ?? '';
}

/** `?param_name=`, as ClickHouse takes what stands for `{name:Type}`. */
function paramsOf({ query }: Request): Record<string, string> {
  const params = Object.entries(query).filter(([key]) => /^param_\w+$/.test(key));
  return Object.fromEntries(params.map(([key, value]) => [key.slice('param_'.length), unescaped(textOf(value))]));
}

/** As ClickHouse reads them: one field of a TSV line. */
function unescaped(text: string): string {
  const meant: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0' };
  return text.replace(/\\(.)/gs, (_all, character: string) => meant[character] ?? character);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
